"""Downloads from a hub on this machine that does everything that networks and servers do."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import signal
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
from huggingface_hub import hf_hub_download

from edge_solver import paths
from edge_solver.catalog import ModelKind, cache, registry, resolve, shelf
from edge_solver.catalog import pull as pulling
from edge_solver.catalog.hub import Hub
from edge_solver.catalog.pull import Offer, Pulled, offer, pull
from edge_solver.catalog.registry import ModelEntry
from edge_solver.catalog.transfer import TRIES, Listener
from edge_solver.errors import DownloadError, ModelMissingError, UsageError
from tests.catalog.conftest import COMMIT, FakeHub, a_blob, answer, cut_after, ignore_range, send_instead, slow

REPOSITORY = "someone/a-model-GGUF"
FILE = "a-model.Q4_0.gguf"
DATA = a_blob(300_000)
TOKEN = "hf-of-nobody"  # noqa: S105 - it opens nothing
ENTRY = ModelEntry(
    "a-model", ModelKind.POLICY, "A model", "apache-2.0", repository=REPOSITORY, file=FILE, format="few-shot"
)


class Diary:
    """Keeps what a download says, and waits for nothing."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.waits: list[float] = []
        self.reports: list[int] = []
        self.listener = Listener(self.reports.append, self.notes.append, self.waits.append)


@pytest.fixture
def hub(fake_hub: FakeHub) -> FakeHub:
    fake_hub.add(REPOSITORY, FILE, DATA)
    return fake_hub


def offered(hub: FakeHub, entry: ModelEntry = ENTRY) -> Offer:
    return offer(entry, Hub(hub.url))


def pulled(hub: FakeHub, diary: Diary | None = None, entry: ModelEntry = ENTRY) -> Pulled:
    return pull(offered(hub, entry), (diary or Diary()).listener)


def leftovers() -> list[str]:
    return [path.name for path in cache.repository_dir(REPOSITORY).rglob("*.incomplete")]


def test_an_offer_says_what_it_takes_and_reads_nothing(hub: FakeHub) -> None:
    made = offered(hub)
    assert (made.size, made.here, made.complete) == (len(DATA), 0, False)
    assert made.free > 0
    assert made.files[0].commit == COMMIT
    assert hub.reads() == []


def test_a_file_arrives_whole_where_the_hubs_own_client_finds_it(hub: FakeHub) -> None:
    diary = Diary()
    made = pulled(hub, diary)
    assert made.files[0].read_bytes() == DATA
    assert made.fetched == len(DATA)
    assert diary.reports[0] == 0
    assert diary.reports[-1] == len(DATA)
    theirs = hf_hub_download(REPOSITORY, FILE, cache_dir=paths.hub_dir(), local_files_only=True)
    assert Path(theirs) == made.files[0]
    assert leftovers() == []


def test_a_file_that_is_here_is_not_read_again(hub: FakeHub) -> None:
    pulled(hub)
    before = len(hub.reads())
    again = pulled(hub)
    assert again.fetched == 0
    assert len(hub.reads()) == before
    assert offered(hub).complete


def test_the_storage_of_xet_is_left_alone_and_gets_no_token(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    hub.token = TOKEN
    pulled(hub)
    by_place = {path.split("/")[1]: headers for _, path, headers in hub.requests}
    assert by_place["someone"]["authorization"] == f"Bearer {TOKEN}"
    assert "authorization" not in by_place["storage"]
    assert not any("xet" in path for _, path, _ in hub.requests)


def test_a_cut_connection_goes_on_where_it_stopped(hub: FakeHub) -> None:
    hub.trouble += [cut_after(100_000), cut_after(50_000), cut_after(1)]
    diary = Diary()
    made = pulled(hub, diary)
    assert made.files[0].read_bytes() == DATA
    assert hub.reads() == [None, "bytes=100000-", "bytes=150000-", "bytes=150001-"]
    assert diary.waits == [1.0, 1.0, 1.0]
    assert "going on in 1 s at 100,000 of 300,000 bytes" in diary.notes[0]


def test_it_is_given_up_when_nothing_comes_any_more_and_goes_on_the_next_time(hub: FakeHub) -> None:
    hub.trouble += [cut_after(120_000), *[answer(503)] * (TRIES + 1)]
    diary = Diary()
    with pytest.raises(DownloadError, match=r"status 503.*try again later"):
        pulled(hub, diary)
    assert diary.waits == [1.0, 2.0, 4.0, 8.0, 8.0]
    assert offered(hub).here == 120_000
    diary = Diary()
    made = pulled(hub, diary)
    assert (made.fetched, made.files[0].read_bytes()) == (180_000, DATA)
    assert hub.reads()[-1] == "bytes=120000-"
    assert "going on at 120,000" in diary.notes[0]


def test_a_server_that_ignores_the_range_is_believed(hub: FakeHub) -> None:
    hub.trouble += [cut_after(100_000), ignore_range()]
    assert pulled(hub).files[0].read_bytes() == DATA


def test_wrong_bytes_are_never_kept(hub: FakeHub) -> None:
    hub.trouble += [send_instead(a_blob(len(DATA), seed=1))]
    with pytest.raises(DownloadError, match="checksum"):
        pulled(hub)
    assert leftovers() == []
    assert shelf.runnable(ENTRY) is None
    assert pulled(hub).files[0].read_bytes() == DATA


def test_what_an_earlier_download_left_wrong_is_replaced(hub: FakeHub) -> None:
    partial = cache.partial_path(REPOSITORY, hashlib.sha256(DATA).hexdigest())
    partial.parent.mkdir(parents=True)
    partial.write_bytes(a_blob(1000, seed=2))
    diary = Diary()
    assert pulled(hub, diary).files[0].read_bytes() == DATA
    assert any("starting again" in note for note in diary.notes)
    partial.write_bytes(a_blob(len(DATA) + 5))
    cache.blob_path(REPOSITORY, hashlib.sha256(DATA).hexdigest()).unlink()
    assert pulled(hub).files[0].read_bytes() == DATA


def test_a_server_that_sends_too_much_does_not_fill_the_disk(hub: FakeHub) -> None:
    hub.trouble += [send_instead(DATA + a_blob(1_000_000))]
    assert pulled(hub).files[0].read_bytes() == DATA


def test_a_server_that_sends_too_little_is_asked_again(hub: FakeHub) -> None:
    hub.trouble += [send_instead(DATA[:1000])]
    assert pulled(hub).files[0].read_bytes() == DATA
    hub.add(REPOSITORY, "other.gguf", DATA[::-1])
    hub.trouble += [send_instead(b"")] * 20
    with pytest.raises(DownloadError, match="sends nothing"):
        pulled(hub, entry=replace(ENTRY, file="other.gguf"))


def test_a_limit_is_waited_for_as_long_as_the_hub_asks(hub: FakeHub) -> None:
    hub.trouble += [answer(429, Retry_After="7"), answer(429, RateLimit='"resolvers";r=0;t=55')]
    diary = Diary()
    assert pulled(hub, diary).files[0].read_bytes() == DATA
    assert diary.waits == [7.0, 56.0]
    hub.add(REPOSITORY, "other.gguf", DATA[::-1])
    hub.trouble += [answer(429, Retry_After="3600")]
    with pytest.raises(DownloadError, match="wait for 3600 s"):
        pulled(hub, entry=replace(ENTRY, file="other.gguf"))


def test_a_link_that_has_run_out_is_asked_for_again(hub: FakeHub) -> None:
    hub.trouble += [cut_after(1000), answer(403)]
    assert pulled(hub).files[0].read_bytes() == DATA
    heads = [path for method, path, _ in hub.requests if method == "HEAD"]
    assert len(heads) == 4  # the offer, and one for each read


def test_a_server_that_is_too_slow_is_asked_again(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DOWNLOAD_TIMEOUT", 0.2)
    hub.trouble += [slow(0.6)]
    diary = Diary()
    assert pulled(hub, diary).files[0].read_bytes() == DATA
    assert "ReadTimeout" in diary.notes[0]


@pytest.mark.parametrize(
    ("status", "headers", "words"),
    [
        (401, {"X-Error-Code": "GatedRepo"}, r"is gated.*accept their terms.*HF_TOKEN"),
        (403, {"X-Error-Code": "GatedRepo"}, r"is gated"),
        (404, {"X-Error-Code": "RepoNotFound"}, r"does not exist .* or is private"),
        (404, {"X-Error-Code": "EntryNotFound"}, r"does not have the file any more"),
        (404, {"X-Error-Code": "RevisionNotFound"}, r"does not have the file any more"),
        (401, {"X-Error-Code": "RepoNotFound"}, r"does not exist .* or is private"),
        (401, {"X-Error-Message": "Invalid credentials in Authorization header"}, r"does not know the token.*unset"),
        (401, {}, r"who asks"),
        (403, {}, r"does not allow"),
        (403, {"X-Error-Message": "Access to this resource is disabled."}, r"does not allow"),
        (429, {}, r"too many requests; try again later"),
        (429, {"Retry-After": "40"}, r"too many requests; try again in 40 s"),
        (429, {"RateLimit": '"resolvers";r=0;t=55'}, r"too many requests; try again in 56 s"),
        (500, {}, r"problem of its own \(status 500\)"),
        (400, {}, r"cannot download"),
        (200, {}, r"no Hugging Face Hub: .* look at HF_ENDPOINT"),
    ],
)
def test_a_refusal_is_explained(hub: FakeHub, status: int, headers: dict[str, str], words: str) -> None:
    hub.refuse[REPOSITORY] = (status, headers)
    with pytest.raises(DownloadError, match=words):
        offered(hub)


@pytest.mark.parametrize("page", [b"<html>Log in to this network</html>", b'["a list"]', b"{}", b'"text"', b"\xff\xfe"])
@pytest.mark.parametrize("status", [200, 403, 502])
def test_a_page_that_is_not_the_hubs_is_explained(hub: FakeHub, status: int, page: bytes) -> None:
    hub.refuse[REPOSITORY], hub.page = (status, {"Content-Type": "application/json"}), page
    with pytest.raises(DownloadError, match=r"no Hugging Face Hub|does not allow this|problem of its own"):
        offered(hub, replace(ENTRY, file="*q4_0*.gguf"))


@pytest.mark.parametrize("page", [b'["a list"]', b"\xff\xfe", b"<Error>AccessDenied</Error>"])
def test_what_the_storage_says_when_it_refuses_does_not_matter(hub: FakeHub, page: bytes) -> None:
    hub.trouble += [answer(503, page), cut_after(1000), answer(403, page)]
    assert pulled(hub).files[0].read_bytes() == DATA


def test_an_endpoint_that_is_no_address_is_named() -> None:
    with pytest.raises(DownloadError, match=r"HF_ENDPOINT=hf-mirror\.example is no address; write it as https://"):
        Hub("hf-mirror.example")


def test_an_empty_endpoint_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "")
    assert Hub().endpoint == "https://huggingface.co"


def test_a_repository_that_was_renamed_is_found(hub: FakeHub) -> None:
    hub.add("somebody-new/a-model", FILE, DATA)
    hub.moved["someone-else/a-model"] = "somebody-new/a-model"
    for file in (FILE, "*q4_0*.gguf"):
        entry = replace(ENTRY, repository="someone-else/a-model", file=file)
        assert pulled(hub, entry=entry).files[0].read_bytes() == DATA
    assert len(hub.reads()) == 1


def test_a_token_that_is_there_changes_the_advice(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_of_somebody_else")
    hub.token = TOKEN
    with pytest.raises(DownloadError, match="the account of your token is allowed"):
        offered(hub)


def test_no_network_and_offline_mode_are_told_apart(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DownloadError, match=r"cannot reach http://127\.0\.0\.1:9"):
        offer(ENTRY, Hub("http://127.0.0.1:9"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(DownloadError, match="unset HF_HUB_OFFLINE"):
        offered(hub)


def test_a_file_that_is_not_the_known_one_is_refused_before_it_is_read(hub: FakeHub) -> None:
    with pytest.raises(DownloadError, match=r"not the file that edge-solver knows.*--format few-shot"):
        offered(hub, replace(ENTRY, sha256="0" * 64))
    assert hub.reads() == []
    known = replace(ENTRY, sha256=hashlib.sha256(DATA).hexdigest())
    assert pulled(hub, entry=known).files[0].read_bytes() == DATA


def test_a_file_that_changes_on_the_hub_meanwhile_is_refused(hub: FakeHub) -> None:
    made = offered(hub)
    hub.add(REPOSITORY, FILE, DATA[::-1])
    with pytest.raises(DownloadError, match="was changed on the hub"):
        pull(made, Diary().listener)


def test_too_little_disk_is_said_before_anything_is_read(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    made = offered(hub)
    monkeypatch.setattr(pulling, "SPARE", 1 << 60)
    with pytest.raises(UsageError, match=r"GB are free; free some, or set HF_HOME"):
        pull(made)
    assert hub.reads() == []


def test_a_full_disk_is_explained(hub: FakeHub) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(DownloadError, match=r"no space is left.*goes on where it stopped"):
        pull(offered(hub), Listener(report=full))


def test_the_one_file_that_fits_a_pattern_is_taken(hub: FakeHub) -> None:
    entry = replace(ENTRY, file="*q4_0*.gguf")
    assert pulled(hub, entry=entry).files[0].name == FILE
    holding = shelf.runnable(entry)
    assert holding is not None
    assert holding.checksum == hashlib.sha256(DATA).hexdigest()
    hub.add(REPOSITORY, "b.Q4_0.gguf", DATA)
    with pytest.raises(DownloadError, match=r"2 files of .* fit"):
        offered(hub, entry)
    with pytest.raises(DownloadError, match=rf"0 files .* there is {FILE}"):
        offered(hub, replace(ENTRY, file="*Q9*.gguf"))


def test_a_checkpoint_comes_with_all_that_converting_needs(hub: FakeHub) -> None:
    files = {"config.json": b"{}\n", "model-1.safetensors": a_blob(5000), "tokenizer.model": b"spm", "notes.md": b"#"}
    for name, data in files.items():
        hub.add("someone/weights", name, data)
    entry = replace(ENTRY, repository=None, file="", checkpoint="someone/weights", recipe="a-model")
    made = pulled(hub, entry=entry)
    assert {path.name: path.read_bytes() for path in made.files} == {
        name: data for name, data in files.items() if name != "notes.md"
    }
    assert shelf.runnable(entry) is None
    assert {holding.origin for holding in shelf.holdings(entry)} == {shelf.Origin.CHECKPOINT}
    hub.add("someone/empty", "config.json", b"{}")
    with pytest.raises(DownloadError, match="holds no weights"):
        offered(hub, replace(entry, checkpoint="someone/empty"))


def test_a_model_that_ships_cannot_be_downloaded(hub: FakeHub) -> None:
    with pytest.raises(UsageError, match="comes with edge-solver"):
        offered(hub, registry()["micro"])


def test_two_processes_at_a_time_read_the_storage_once(hub: FakeHub) -> None:
    hub.trouble += [slow(1.0)]
    start = multiprocessing.get_context("spawn").Process
    both = [start(target=_pull_in_a_process, args=(hub.url,)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(120)
    assert [process.exitcode for process in both] == [0, 0]
    assert len(hub.reads()) == 1
    assert offered(hub).complete


def test_two_at_a_time_read_the_storage_once(hub: FakeHub) -> None:
    hub.trouble += [slow(0.5)]
    diaries, results = [Diary(), Diary()], []
    made = offered(hub)
    threads = [threading.Thread(target=lambda d=d: results.append(pull(made, d.listener))) for d in diaries]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(result.fetched for result in results) == [0, len(DATA)]
    assert len(hub.reads()) == 1
    assert any("another process downloads" in note for diary in diaries for note in diary.notes)


def _pull_in_a_process(url: str) -> None:
    pull(offer(ENTRY, Hub(url)))


def test_a_process_that_was_killed_leaves_no_lock_and_nothing_half(hub: FakeHub) -> None:
    hub.trouble += [cut_after(100_000), slow(30)]
    process = multiprocessing.get_context("spawn").Process(target=_pull_in_a_process, args=(hub.url,))
    process.start()
    end = time.monotonic() + 60
    while len(hub.reads()) < 2:
        assert time.monotonic() < end
        time.sleep(0.02)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert shelf.runnable(ENTRY) is None
    diary = Diary()
    made = pulled(hub, diary)
    assert (made.fetched, made.files[0].read_bytes()) == (200_000, DATA)
    assert not any("another process" in note for note in diary.notes)


def test_the_error_of_the_http_library_does_not_leak(hub: FakeHub) -> None:
    def broken(_: int) -> None:
        raise httpx2.DecodingError("nonsense")

    with pytest.raises(DownloadError, match="nonsense"):
        pull(offered(hub), Listener(report=broken))


# --- what is here ---


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> ModelEntry:
    """Put the model into the registry."""
    table = {**registry(), ENTRY.name: ENTRY}
    # By its module: the package exports a function of the same name.
    monkeypatch.setattr(sys.modules["edge_solver.catalog.registry"], "registry", lambda: table)
    monkeypatch.setattr(shelf, "registry", lambda: table)
    return ENTRY


def test_a_name_leads_to_the_downloaded_file(hub: FakeHub, known: ModelEntry) -> None:
    with pytest.raises(ModelMissingError, match="edge-solver models pull a-model"):
        resolve(ModelKind.POLICY, known.name)
    made = pulled(hub)
    file = resolve(ModelKind.POLICY, known.name)
    assert (file.path, file.sha256, file.entry) == (made.files[0], hashlib.sha256(DATA).hexdigest(), known)


def test_a_file_that_another_client_fetched_is_found(
    hub: FakeHub, known: ModelEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    hf_hub_download(REPOSITORY, FILE, cache_dir=paths.hub_dir(), endpoint=hub.url)
    assert resolve(ModelKind.POLICY, known.name).sha256 == hashlib.sha256(DATA).hexdigest()
    assert pulled(hub).fetched == 0


def test_a_damaged_file_is_found_out(hub: FakeHub, known: ModelEntry) -> None:
    blob = pulled(hub).files[0].resolve()
    by_name = {verdict.holding.entry.name: verdict for verdict in shelf.verify()}
    assert [by_name[name].sound for name in ("micro", "micro-prm", known.name)] == [True, True, True]
    blob.write_bytes(DATA[:-1] + b"x")
    by_name = {verdict.holding.entry.name: verdict for verdict in shelf.verify()}
    assert by_name[known.name].sound is False
    assert "models pull a-model" in by_name[known.name].reason


def test_what_is_removed_is_gone_with_what_was_never_finished(hub: FakeHub, known: ModelEntry) -> None:
    pulled(hub)
    cache.partial_path(REPOSITORY, "0" * 64).write_bytes(b"half")
    gone, freed = shelf.remove(known)
    assert [path.name for path in gone] == [FILE]
    assert freed == len(DATA) + 4
    assert not any(path.is_file() for path in (cache.repository_dir(REPOSITORY) / "blobs").iterdir())
    assert shelf.runnable(known) is None
    with pytest.raises(UsageError, match="nothing of a-model"):
        shelf.remove(known)
    with pytest.raises(UsageError, match="comes with edge-solver"):
        shelf.remove(registry()["micro"])


def test_contents_that_another_commit_uses_stay(hub: FakeHub, known: ModelEntry) -> None:
    mark = hashlib.sha256(DATA).hexdigest()
    first = pulled(hub).files[0]
    second = cache.put(REPOSITORY, FILE, "d" * 40, mark)
    assert cache.drop(cache.Cached(first, mark)) == 0
    assert second.read_bytes() == DATA
    assert cache.drop(cache.Cached(second, mark)) == len(DATA)
    assert known.name == "a-model"


def test_a_converted_model_is_found_by_its_name(known: ModelEntry, home: Path) -> None:
    entry = registry()["llemma-metamath-7b"]
    with pytest.raises(ModelMissingError, match=r"models pull llemma-metamath-7b, then: .* quantize/llemma"):
        resolve(ModelKind.POLICY, entry.name)
    path = shelf.converted_path(entry)
    assert path.is_relative_to(home)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"GGUF made here")
    assert resolve(ModelKind.POLICY, entry.name).path == path
    verdicts = [verdict for verdict in shelf.verify() if verdict.holding.path == path]
    assert [verdict.sound for verdict in verdicts] == [None]
    shelf.remove(entry)
    assert not path.exists()
    assert known.name == "a-model"


def test_the_hubs_own_variables_say_where_files_go(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, home: Path) -> None:
    assert paths.hub_dir() == home / "cache" / "hub"
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    assert paths.hub_dir() == tmp_path / "hf" / "hub"
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "elsewhere"))
    assert paths.hub_dir() == tmp_path / "elsewhere"
    for name in ("HF_HOME", "HF_HUB_CACHE", "EDGE_SOLVER_HOME"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert paths.hub_dir() == tmp_path / "xdg" / "huggingface" / "hub"
