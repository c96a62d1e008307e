"""The screen Models, with a hub on this machine."""

from __future__ import annotations

import contextlib
import errno
import os
import threading
from pathlib import Path
from typing import IO, Any, cast

import pytest
from huggingface_hub import constants
from textual.pilot import Pilot
from typing_extensions import Self

from edge_solver.catalog import ModelEntry, ModelKind, registry
from edge_solver.catalog.cache import partial_path
from edge_solver.catalog.shelf import runnable
from edge_solver.errors import UsageError
from edge_solver.tui.app import EdgeSolverApp
from edge_solver.tui.preferences import changed, save_default
from tests.catalog.conftest import FakeHub, Handler, a_blob, fake_hub
from tests.tui.driving import PATIENCE, demo, drive, press, screen, until

__all__ = ["fake_hub"]  # the fixture

REPOSITORY, FILE = "someone/a-model-GGUF", "a-model.Q4_0.gguf"
DATA = a_blob(2_000_000)
HALF = len(DATA) // 2


@pytest.fixture
def entry(fake_hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> ModelEntry:
    """Put a model of the hub at the head of the list."""
    for name in ("HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(constants, "ENDPOINT", fake_hub.url)
    monkeypatch.setattr(
        constants, "HUGGINGFACE_CO_URL_TEMPLATE", fake_hub.url + "/{repo_id}/resolve/{revision}/{filename}"
    )
    etag = fake_hub.add(REPOSITORY, FILE, DATA)
    found = ModelEntry(
        "a-model", ModelKind.POLICY, "A model", "odd-1.0", restricted="research only", sha256=etag, bytes=len(DATA),
        repository=REPOSITORY, file=FILE, format="few-shot",
    )  # fmt: skip
    known = {found.name: found, **registry()}
    monkeypatch.setattr("edge_solver.tui.screens.models.registry", lambda: known)
    return found


def begun(entry: ModelEntry) -> bool:
    """Say whether some of it is on disk, so that the next read has something to go on from."""
    partial = partial_path(REPOSITORY, entry.sha256)
    return partial.exists() and partial.stat().st_size > 0


def test_a_model_is_pulled_paused_gone_on_with_used_and_removed(
    entry: ModelEntry,
    fake_hub: FakeHub,
) -> None:
    go_on = threading.Event()

    def drip(handler: Handler) -> bool:
        handler.send(200, {}, DATA[:HALF], len(DATA))
        handler.wfile.flush()
        go_on.wait(PATIENCE)
        with contextlib.suppress(OSError):  # whoever paused has hung up
            handler.wfile.write(DATA[HALF:])
        handler.close_connection = True
        return True

    fake_hub.trouble.append(drip)

    async def steps(pilot: Pilot[int]) -> None:
        await press(pilot, "f4")
        await until(pilot, lambda: "a-model" in screen(pilot), "the list")
        assert "to pull" in screen(pilot)
        await press(pilot, "enter")
        await until(pilot, lambda: "is not here: p pulls it" in screen(pilot), "the refusal")
        await press(pilot, "p")
        await until(pilot, lambda: "accept odd-1.0 (research only), and fetch 2 MB" in screen(pilot), "a question")
        assert not fake_hub.reads()
        await press(pilot, "enter")
        await until(pilot, lambda: "downloading" in screen(pilot) and begun(entry), "the download")
        await press(pilot, "p")
        # What was sent already may still be coming in, and the first of it ends the pausing.
        await until(pilot, lambda: "pausing" in screen(pilot) or "paused " in screen(pilot), "an answer to the key")
        go_on.set()
        await until(pilot, lambda: "paused " in screen(pilot), "the pause")
        assert runnable(entry) is None
        await press(pilot, "p")
        await until(pilot, lambda: "its checksum is right" in screen(pilot), "the end of the download")
        first, second = fake_hub.reads()
        assert first is None
        assert second is not None
        assert int(second.removeprefix("bytes=").rstrip("-")) > 0
        holding = runnable(entry)
        assert holding is not None
        assert holding.path.read_bytes() == DATA
        await press(pilot, "x", "enter")  # the first of the two is to keep it
        assert runnable(entry) is not None
        await press(pilot, "x", "down", "enter")
        await until(pilot, lambda: "is removed; 2 MB freed" in screen(pilot), "the end of the model")
        assert runnable(entry) is None
        assert "to pull" in screen(pilot)

    drive(demo(), steps, size=(120, 40))


def test_a_download_that_fails_says_why_and_can_be_tried_again(
    entry: ModelEntry,
    fake_hub: FakeHub,
) -> None:
    fake_hub.refuse[REPOSITORY] = (404, {"X-Error-Code": "RepoNotFound"})

    async def steps(pilot: Pilot[int]) -> None:
        await press(pilot, "f4")
        await until(pilot, lambda: "a-model" in screen(pilot), "the list")
        await press(pilot, "p")
        await until(pilot, lambda: "failed: " in screen(pilot), "the failure")
        assert "Traceback" not in screen(pilot)
        fake_hub.refuse.clear()
        await press(pilot, "p")
        await until(pilot, lambda: "and fetch 2 MB" in screen(pilot), "a question")
        await press(pilot, "down", "enter")  # not now
        assert runnable(entry) is None
        assert not fake_hub.reads()

    drive(demo(), steps, size=(120, 40))


def test_a_disk_that_fills_up_during_a_download_is_told_and_what_is_here_is_kept(
    entry: ModelEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Writes fail as they do on a full disk, once a part of the file is there; then somebody makes room."""
    room = [HALF]
    opened = Path.open

    def open_on_small_disk(path: Path, mode: str = "r", *arguments: Any, **options: Any) -> IO[Any]:  # noqa: ANN401
        file = opened(path, mode, *arguments, **options)
        return cast("IO[Any]", _Small(file, room)) if mode in {"ab", "wb"} else file

    async def steps(pilot: Pilot[int]) -> None:
        await press(pilot, "f4")
        await until(pilot, lambda: "a-model" in screen(pilot), "the list")
        await press(pilot, "p")
        await until(pilot, lambda: "and fetch 2 MB" in screen(pilot), "a question")
        monkeypatch.setattr(Path, "open", open_on_small_disk)
        await press(pilot, "enter")
        await until(pilot, lambda: "no space is left" in screen(pilot), "the failure")
        assert "Traceback" not in screen(pilot)
        assert room == [0]
        assert runnable(entry) is None
        room[0] = 10 * len(DATA)
        await press(pilot, "p")
        await until(pilot, lambda: "and fetch 1 MB of 2 MB" in screen(pilot), "a question about the rest")
        await press(pilot, "enter")
        await until(pilot, lambda: "its checksum is right" in screen(pilot), "the end")
        holding = runnable(entry)
        assert holding is not None
        assert holding.path.read_bytes() == DATA

    drive(demo(), steps, size=(120, 40))


class _Small:
    """A file on a disk with room for so many bytes more."""

    def __init__(self, file: IO[bytes], room: list[int]) -> None:
        self._file, self._room = file, room

    def write(self, data: bytes) -> int:
        fits = data[: self._room[0]]
        self._room[0] -= len(fits)
        self._file.write(fits)
        if len(fits) < len(data):
            self._file.flush()
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return len(data)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever a file has
        return getattr(self._file, name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def test_a_default_is_kept_in_the_settings_file_and_what_ships_is_not_removed(home: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await press(pilot, "f4")
        await until(pilot, lambda: "micro-prm" in screen(pilot), "the list")
        await press(pilot, "d")
        app = pilot.app
        assert isinstance(app, EdgeSolverApp)
        await until(pilot, lambda: app.settings.engine.model == "nano", "the choice")
        assert (home / "config" / "edge-solver.toml").read_text() == 'model = "nano"\n'
        await press(pilot, "x")
        await until(pilot, lambda: "comes with edge-solver" in screen(pilot), "the refusal")
        await press(pilot, "p")
        await until(pilot, lambda: "is here already" in screen(pilot), "the answer")

    drive(demo(), steps, size=(120, 40))


def test_a_default_changes_one_line_and_nothing_else(home: Path) -> None:
    assert changed("", "model", "nano") == 'model = "nano"\n'
    text = '# mine\nmodel = "micro"  # small\nwidth = 4\n\n[keys]\n"solve.stop" = "f9"\n'
    after = changed(text, "model", "nano")
    assert after == text.replace('model = "micro"  # small', 'model = "nano"')
    tables = "[keys]\nmodel = 1\n"
    assert changed(f"width = 4\n{tables}", "model", "nano") == f'width = 4\nmodel = "nano"\n{tables}'
    file = home / "config" / "edge-solver.toml"
    file.parent.mkdir(parents=True)
    odd = 'theme = """\n[keys]\n"""\nmodel = "micro"\n'
    file.write_text(odd)
    with pytest.raises(UsageError, match='model = "nano"'):
        save_default("model", "nano")
    assert file.read_text() == odd
