"""llama.cpp's benchmark as a program: what it is asked, and how its rows are read."""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path

import pytest

from edge_solver.bench.batched_bench import Rates, Workload, best, command, read, run
from edge_solver.errors import EdgeSolverError, UsageError

WORK = Workload(Path("some.gguf"), threads=2, prompt=64, tokens=10, branches=(1, 16))


def a_row(width: int, speed: float) -> str:
    return json.dumps({"pl": width, "speed_pp": 10 * speed, "speed_tg": speed})


def a_program(folder: Path, keeps: int) -> Path:
    """Make a program that loses all but so many of the rows that it was asked for."""
    program = folder / "bench"
    program.write_text(
        f"#!{sys.executable}\nimport json, sys\nwidths = sys.argv[sys.argv.index('-npl') + 1].split(',')\n"
        f"for w in widths[: min({keeps}, len(widths) - 2)]:\n"
        "    print(json.dumps({'pl': int(w), 'speed_pp': 1.0, 'speed_tg': 2.0}))\n"
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


def test_both_sides_get_the_same_work() -> None:
    line = " ".join(command(Path("bench"), WORK, "unified+flash"))
    for part in ("-m some.gguf", "-t 2", "-tb 2", "-npp 64", "-ntg 10", "-npl 1,16,", "-pps", "-kvu -fa on"):
        assert part in line


def test_streams_get_cells_for_every_branch() -> None:
    line = command(Path("bench"), WORK, "streams+flash")
    assert int(line[line.index("-c") + 1]) == 16 * 256
    assert "-kvu" not in line


def test_rows_are_read_among_other_lines_and_the_best_of_a_width_counts() -> None:
    lines = ["", "a warning", a_row(1, 5.0), a_row(16, 20.0), a_row(1, 99.0), '{"pl": 1, "spe']
    assert read(lines) == {1: Rates(990.0, 99.0), 16: Rates(200.0, 20.0)}


def test_of_several_runs_the_best_of_prompt_and_of_decoding_is_taken() -> None:
    assert best([Rates(1.0, 9.0), Rates(4.0, 5.0)]) == Rates(4.0, 9.0)


def test_rows_that_the_program_lost_are_asked_for_again(tmp_path: Path) -> None:
    assert run(a_program(tmp_path, 99), WORK, "unified") == {1: Rates(1.0, 2.0), 16: Rates(1.0, 2.0)}


def test_a_program_that_keeps_losing_them_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EdgeSolverError, match="16 branches"):
        run(a_program(tmp_path, 1), WORK, "unified")


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere"):
        run(tmp_path / "nowhere", WORK, "unified")


@pytest.mark.skipif(os.name == "nt", reason="no signals")
def test_a_program_that_was_compiled_wrongly_is_told_from_one_that_fails(tmp_path: Path) -> None:
    program = tmp_path / "bench"
    program.write_text("#!/bin/sh\nkill -ILL $$\n")
    program.chmod(0o755)
    with pytest.raises(EdgeSolverError, match="without AMX"):
        run(program, WORK, "unified")
