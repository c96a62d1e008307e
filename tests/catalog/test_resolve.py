"""Models by name and by path."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from edge_solver.catalog import ModelKind, checksums, registry, resolve
from edge_solver.errors import ModelMissingError, UnknownNameError
from edge_solver.paths import shipped


def test_every_shipped_model_is_the_one_that_the_registry_describes() -> None:
    for entry in (entry for entry in registry().values() if entry.ships):
        data = shipped(f"models/{entry.file}").read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (entry.bytes, entry.sha256)


@pytest.mark.parametrize("kind", list(ModelKind))
def test_builtin_is_a_name_for_both_kinds(kind: ModelKind) -> None:
    file = resolve(kind, "builtin")
    assert file.entry is not None
    assert file.entry.kind is kind
    assert file.path.exists()


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'micro'"):
        resolve(ModelKind.POLICY, "mikro")
    with pytest.raises(UnknownNameError, match="reward model"):
        resolve(ModelKind.PRM, "nothing-like-it-at-all")


def test_a_policy_is_not_offered_as_a_reward_model() -> None:
    with pytest.raises(UnknownNameError):
        resolve(ModelKind.PRM, "micro")


def test_a_known_file_given_by_path_is_recognised(tmp_path: Path) -> None:
    builtin = resolve(ModelKind.POLICY, "builtin")
    copy = tmp_path / "copy.gguf"
    copy.write_bytes(builtin.path.read_bytes())
    assert resolve(ModelKind.POLICY, str(copy)).entry == builtin.entry


@pytest.mark.parametrize("wanted", ["nowhere.gguf", "some/folder/model", "../../etc/passwd-not-there"])
def test_a_path_that_leads_nowhere_is_named(wanted: str) -> None:
    with pytest.raises(ModelMissingError, match="there is no model file"):
        resolve(ModelKind.POLICY, wanted)


def test_a_folder_is_not_a_model(tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError, match="folder"):
        resolve(ModelKind.POLICY, str(tmp_path))


def test_the_checksum_of_a_large_file_is_read_once_and_again_when_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checksums, "LARGE", 4)
    file = tmp_path / "large.gguf"
    file.write_bytes(b"12345")
    assert checksums.checksum(file) == hashlib.sha256(b"12345").hexdigest()
    with monkeypatch.context() as guarded:
        guarded.setattr(checksums, "_read", lambda _: pytest.fail("read again"))
        assert checksums.checksum(file) == hashlib.sha256(b"12345").hexdigest()
    file.write_bytes(b"123456")
    assert checksums.checksum(file) == hashlib.sha256(b"123456").hexdigest()


def test_a_memory_of_checksums_that_cannot_be_read_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGE_SOLVER_HOME", str(tmp_path / "other"))
    monkeypatch.setattr(checksums, "LARGE", 4)
    (tmp_path / "other" / "cache").mkdir(parents=True)
    (tmp_path / "other" / "cache" / "checksums.json").write_text("[1, 2")
    file = tmp_path / "large.gguf"
    file.write_bytes(b"12345")
    assert checksums.checksum(file) == hashlib.sha256(b"12345").hexdigest()
    with pytest.raises(ModelMissingError, match="cannot be read"):
        checksums.checksum(tmp_path / "nothing.gguf")
