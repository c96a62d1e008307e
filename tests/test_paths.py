"""Places: what ships is found, the environment is read at call time, and a read-only home hurts only writers."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_solver import paths
from edge_solver.errors import ModelMissingError, UsageError


def test_a_shipped_file_is_found_in_a_checkout() -> None:
    assert paths.shipped("models/registry.toml").is_file()


def test_a_file_inside_the_package_wins_over_one_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside, beside = tmp_path / "inside", tmp_path / "beside"
    for root in (inside, beside):
        root.mkdir()
        (root / "both.txt").touch()
    (beside / "one.txt").touch()
    monkeypatch.setattr(paths, "_SHIPPED_ROOTS", (inside, beside))
    assert paths.shipped("both.txt") == inside / "both.txt"
    assert paths.shipped("one.txt") == beside / "one.txt"


def test_a_missing_shipped_file_says_how_to_repair_the_installation() -> None:
    with pytest.raises(ModelMissingError, match="pip install"):
        paths.shipped("models/none.gguf")


@pytest.mark.parametrize("name", ["../secret", "models/../../secret", "/etc/passwd"])
def test_a_name_cannot_lead_out_of_the_package(name: str) -> None:
    with pytest.raises(ValueError, match="ships with the package"):
        paths.shipped(name)


def test_the_home_variable_moves_every_place_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGE_SOLVER_HOME", str(tmp_path))
    assert paths.data_dir() == tmp_path / "data"
    assert paths.cache_dir() == tmp_path / "cache"
    assert paths.config_dir() == tmp_path / "config"
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif("sys.platform != 'linux'", reason="XDG is how Linux names its places")
def test_xdg_places_are_honoured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EDGE_SOLVER_HOME", raising=False)
    for kind in ("DATA", "CACHE", "CONFIG"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / kind))
    assert paths.data_dir() == tmp_path / "DATA" / "edge-solver"
    assert paths.cache_dir() == tmp_path / "CACHE" / "edge-solver"
    assert paths.config_dir() == tmp_path / "CONFIG" / "edge-solver"


def test_a_writable_folder_is_created_when_asked_for(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "deep"
    assert paths.writable(folder) == folder
    assert folder.is_dir()


def test_a_folder_that_cannot_be_made_says_how_to_choose_another(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="EDGE_SOLVER_HOME"):
        paths.writable(tmp_path / "file" / "data")


def test_without_a_home_folder_writing_is_refused() -> None:
    with pytest.raises(UsageError, match="no home folder"):
        paths.writable(Path("~/.cache/edge-solver"))
