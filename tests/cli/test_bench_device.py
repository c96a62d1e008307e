"""``bench device`` and ``bench compare``: what they print and write, and what they refuse."""

from __future__ import annotations

import io
import json
import re
import signal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from edge_solver.bench.shapes import SHAPES
from edge_solver.cli import main
from edge_solver.cli.bench.device_live import Live
from edge_solver.energy.wall import joules

if TYPE_CHECKING:
    from tests.cli.conftest import OnTerminal


def demo(out: str, *more: str) -> int:
    return main(["bench", "device", "--demo", "--out", out, *more])


def test_the_result_is_printed_for_a_phone_and_kept_in_a_file(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert demo("a.json", "--llama-bench-json", "rows.json", "--ambient", "21.5") == 0
    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    assert max(map(len, lines)) <= 40
    assert any(line.startswith("  decode, 16 branches") for line in lines)
    assert "1/10 prompt (about" in printed.err
    document = json.loads((home / "a.json").read_text(), parse_constant=pytest.fail)
    assert (document["schema"], document["complete"]) == (1, True)
    assert document["provenance"]["ambient_celsius"] == 21.5
    assert [row["n_gen"] for row in json.loads((home / "rows.json").read_text())] == [0, 64]


def test_json_is_one_document_and_quiet_is_quiet(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert demo("a.json", "--json", "--quiet") == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out) == json.loads((home / "a.json").read_text())
    assert printed.err == ""


def test_without_a_path_the_result_goes_to_the_users_folder(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "device", "--demo"]) == 0
    found = re.search(r"the result is in (\S+device-\S+\.json);", capsys.readouterr().err)
    assert found is not None
    assert json.loads(Path(found[1]).read_text())["complete"] is True
    del home


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--shape", "lemma-7b"], "did you mean 'llemma-7b'"),
        (["--shape", "llemma-7b", "--model", "builtin"], "give one of them"),
        (["--quant", "q8_0"], "--quant belongs to --shape"),
        (["--model", "bultin"], "did you mean 'builtin'"),
        (["--model", "none.gguf"], "there is no model file none.gguf"),
        (["--out", "none/x.json"], "there is no folder"),
        (["--llama-bench-json", "."], "it is a folder"),
        (["--threads", "0"], "--threads"),
        (["--sustained", "-1"], "--sustained"),
        (["--wall"], "add --sustained 5"),
        (["--wall", "--sustained", "5"], "asks a person, on a terminal"),
        (["--meter", "wall:"], "name the file"),
    ],
)
def test_what_was_typed_wrong_is_refused_before_anything_is_measured(
    home: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main(["bench", "device", *arguments]) in (2, 3)
    printed = capsys.readouterr()
    assert message in printed.err
    assert "idle" not in printed.err
    assert list(home.glob("*.json")) == []


def test_a_shape_that_does_not_fit_is_refused_with_one_that_does(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("edge_solver.memory.available", lambda: 2 * 2**30)
    assert main(["bench", "device", "--shape", "llemma-34b"]) == 3
    assert "would fit" in capsys.readouterr().err
    del home


def test_removing_shapes_measures_nothing(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "device", "--remove-shapes"]) == 0
    assert capsys.readouterr().out.startswith("no shapes in ")
    del home


def test_help_names_every_shape(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "device", "--help"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert [name for name in SHAPES if name not in text] == []


def test_a_reading_that_makes_no_sense_is_asked_for_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("twelve\n12\n0.5 Wh\n\n"))
    live = Live(None, quiet=False)
    read = partial(joules, name="--wall")
    assert live.ask("What does it show?", read) == 1800.0
    assert live.ask("And now?", read) is None
    shown = capsys.readouterr().err
    assert shown.count("What does it show?") == 3
    assert "'twelve' is no energy with its unit" in shown


def test_ctrl_c_keeps_what_was_measured(home: Path, on_terminal: OnTerminal) -> None:
    terminal = on_terminal("bench", "device", "--repeats", "5", "--problems", "0", "--out", str(home / "a.json"))
    terminal.wait_for("decode on 1")
    terminal.send(signal.SIGINT)
    assert terminal.finish() == 130
    document = json.loads((home / "a.json").read_text())
    assert document["complete"] is False
    assert document["speed"]["prompt"]["tokens_per_second"]["samples"]
    assert b"partial" in terminal.printed


# --- compare ---


@pytest.fixture
def two(home: Path, capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    assert demo("a.json", "--quiet") == 0
    assert demo("b.json", "--quiet") == 0
    capsys.readouterr()
    del home
    return "a.json", "b.json"


def test_two_results_stand_side_by_side(two: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "compare", *two]) == 0
    text = capsys.readouterr().out
    assert re.search(r"prompt +200 t/s +200 t/s", text)
    assert "Not comparable" not in text
    assert main(["bench", "compare", *two, "--markdown"]) == 0
    assert "|  | a | b |" in capsys.readouterr().out
    assert main(["bench", "compare", *two, "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["devices"]) == 2


def test_a_page_is_written_where_it_was_asked_for(two: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "compare", *two, "--html", "page.html"]) == 0
    assert capsys.readouterr().out == "page.html\n"
    assert "edge-solver bench compare a.json b.json --html page.html" in Path("page.html").read_text()


def test_one_file_and_a_broken_one_are_errors(two: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "compare", two[0]]) == 2
    assert "give two files or more" in capsys.readouterr().err
    Path("broken.json").write_text("{")
    assert main(["bench", "compare", two[0], "broken.json"]) == 2
    assert "broken.json is not JSON" in capsys.readouterr().err
    newer = json.loads(Path(two[0]).read_text()) | {"schema": 99}
    Path("newer.json").write_text(json.dumps(newer))
    assert main(["bench", "compare", two[0], "newer.json"]) == 2
    assert "written by a newer version" in capsys.readouterr().err


@pytest.mark.slow
def test_the_built_in_model_is_really_measured(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "device", "--quick", "--problems", "2", "--quiet", "--out", "real.json", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["complete"] is True
    speed = document["speed"]
    assert speed["prompt"]["tokens_per_second"]["median"] > 0
    assert [row["branches"] for row in speed["decode"]] == [1, 2, 4, 8, 16]
    assert speed["peak_rss_bytes"] > document["model"]["bytes"]
    assert document["model"]["sha256"]
    assert document["build"]["ggml_commit"]
    assert document["ceilings"]["bytes_per_second"] > 1e8
    assert len(document["roofline"]) == 6
    assert speed["prm"]["tokens"] > 16
    assert [row["n"] for row in document["quality"]["budgets"]] == [2, 2, 2]
    assert document["energy"]["label"] in {"counter", "estimated-default", "estimated-calibrated", "measured-battery"}
    assert all(window["unit"] for window in document["energy"]["windows"])
    del home
