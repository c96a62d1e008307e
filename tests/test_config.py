"""Where settings come from, which source wins, and what a wrong one says."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from edge_solver import config
from edge_solver.config import EngineSettings, Settings, resolve
from edge_solver.core.budget import Budget
from edge_solver.core.strategies import SearchSettings
from edge_solver.errors import QuantityError, UnknownNameError, UsageError


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the developer's own settings out, and return the folder of the user's settings file."""
    monkeypatch.setenv("EDGE_SOLVER_HOME", str(tmp_path / "home"))
    folder = tmp_path / "home" / "config"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def write(folder: Path, text: str) -> Path:
    file = folder / "edge-solver.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_without_any_source_the_defaults_hold(project: Path) -> None:
    settings = resolve(environ={}, folder=project)
    assert settings == Settings()
    assert (settings.strategy, settings.seed, settings.search.width) == ("rebase", 0, 16)
    assert (settings.search.balance_temperature, settings.search.rounding, settings.search.aggregate) == (
        None,
        "exact",
        "last",
    )
    assert (settings.engine.model, settings.engine.prm, settings.search.temperature) == ("builtin", "builtin", 0.6)
    assert (settings.stop, settings.search.beam_width, settings.search.max_steps) == ("none", 4, 96)
    assert settings.budget == Budget()


def test_flag_beats_environment_beats_project_file_beats_user_file(home: Path, project: Path) -> None:
    write(home, "width = 1\nseed = 1\nmax_steps = 1\nthreads = 1\n")
    write(project, "width = 2\nseed = 2\nmax_steps = 2\n")
    settings = resolve({"width": 4}, environ={"EDGE_SOLVER_WIDTH": "3", "EDGE_SOLVER_SEED": "3"}, folder=project)
    assert settings.search.width == 4
    assert settings.seed == 3
    assert settings.search.max_steps == 2
    assert settings.engine.threads == 1


def test_a_flag_that_was_not_given_hides_nothing(project: Path) -> None:
    assert resolve({"width": None}, environ={"EDGE_SOLVER_WIDTH": "3"}, folder=project).search.width == 3


def test_caps_are_read_with_their_units_from_every_source(project: Path) -> None:
    write(project, 'max_flops = "1.5T"\nmax_seconds = 30\n')
    settings = resolve({"max_joules": "3kJ"}, environ={"EDGE_SOLVER_MAX_TOKENS": "10k"}, folder=project)
    assert settings.budget == Budget(flops=1.5e12, joules=3000.0, seconds=30.0, tokens=10_000)


def test_every_field_has_a_reader_and_every_reader_a_field() -> None:
    nested = {"search", "budget", "engine"}
    names = {f.name for part in (Settings, SearchSettings, EngineSettings) for f in fields(part)} - nested
    names |= {f"max_{field.name}" for field in fields(Budget)}
    assert set(config.READERS) == names


def test_no_part_has_more_than_ten_fields() -> None:
    assert all(len(fields(part)) <= 10 for part in (Settings, SearchSettings, EngineSettings, Budget))


def test_an_unknown_key_in_a_file_suggests_the_nearest_and_names_the_file(project: Path) -> None:
    file = write(project, "widht = 3\n")
    with pytest.raises(UnknownNameError) as caught:
        resolve(environ={}, folder=project)
    assert caught.value.nearest == "width"
    assert str(file) in str(caught.value)


def test_an_unknown_variable_suggests_the_nearest(project: Path) -> None:
    with pytest.raises(UnknownNameError, match="EDGE_SOLVER_WIDHT") as caught:
        resolve(environ={"EDGE_SOLVER_WIDHT": "3"}, folder=project)
    assert caught.value.nearest == "width"


def test_the_home_variable_and_empty_ones_are_no_settings(project: Path) -> None:
    environ = {"EDGE_SOLVER_HOME": "/somewhere", "EDGE_SOLVER_WIDTH": "", "PATH": "/bin"}
    assert resolve(environ=environ, folder=project) == Settings()


def test_a_table_is_an_unknown_key(project: Path) -> None:
    write(project, "[search]\nwidth = 3\n")
    with pytest.raises(UnknownNameError, match="search"):
        resolve(environ={}, folder=project)


@pytest.mark.parametrize(
    ("name", "value"),
    [("strategy", "rebbase"), ("stop", "decidet"), ("rounding", "exakt"), ("aggregate", "lst"), ("vote", "weighed")],
)
def test_an_unknown_choice_suggests_the_nearest_and_names_its_flag(name: str, value: str, project: Path) -> None:
    with pytest.raises(UnknownNameError, match=f"--{name}") as caught:
        resolve({name: value}, environ={}, folder=project)
    assert caught.value.nearest is not None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("width", 0),
        ("width", -1),
        ("width", "many"),
        ("width", 1.5),
        ("width", True),
        ("width", "1" * 5000),
        ("width", 10**9),
        ("seed", -1),
        ("seed", 2**63),
        ("temperature", -0.1),
        ("temperature", "nan"),
        ("temperature", "inf"),
        ("temperature", False),
        ("temperature", [1]),
        ("balance_temperature", 0),
        ("model", ""),
        ("model", "  "),
        ("model", "a\0b"),
        ("model", 3),
        ("threads", 0),
        ("n_ctx", 0),
        ("max_steps", 0),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_with_its_name(name: str, value: object, project: Path) -> None:
    with pytest.raises(UsageError, match="--" + name.replace("_", "-")):
        resolve({name: value}, environ={}, folder=project)


@pytest.mark.parametrize("value", [0, -5, "0", "nan", "-3", "10s", float("nan"), float("inf"), True, [1], "12 flopps"])
def test_a_cap_that_makes_no_sense_is_refused_with_its_name(value: object, project: Path) -> None:
    with pytest.raises(UsageError, match="--max-joules"):
        resolve({"max_joules": value}, environ={}, folder=project)


def test_a_fraction_of_a_token_is_refused(project: Path) -> None:
    with pytest.raises(QuantityError, match="--max-tokens"):
        resolve({"max_tokens": 1.5}, environ={}, folder=project)


def test_a_wrong_value_is_refused_even_where_a_stronger_source_overrides_it(project: Path) -> None:
    file = write(project, 'width = "wide"\n')
    with pytest.raises(UsageError) as caught:
        resolve({"width": 4}, environ={}, folder=project)
    assert str(caught.value) == f"{file}: width: 'wide' is not a whole number; write one from 1 to 4096"


@pytest.mark.parametrize(
    "content", [b"width = ", b"width 3", b"\xff\xfe", b"width = 1\nwidth = 2", b"seed = " + b"9" * 5000]
)
def test_a_broken_file_is_named(content: bytes, project: Path) -> None:
    file = project / "edge-solver.toml"
    file.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        resolve(environ={}, folder=project)
    assert str(file) in str(caught.value)


def test_a_folder_in_the_place_of_the_file_is_named(project: Path) -> None:
    (project / "edge-solver.toml").mkdir()
    with pytest.raises(UsageError, match="cannot read"):
        resolve(environ={}, folder=project)


def test_a_path_with_braces_is_shown_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "{odd}"
    folder.mkdir()
    file = write(folder, "width = 0\n")
    with pytest.raises(UsageError) as caught:
        resolve(environ={}, folder=folder)
    assert str(file) in str(caught.value)
