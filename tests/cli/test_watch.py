"""What is shown while a file arrives."""

from __future__ import annotations

import io

import pytest

from edge_solver.cli.models.watch import Watch


class Clock:
    """A clock that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_away_from_a_terminal_a_line_comes_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    with Watch(1_000_000_000, io.StringIO(), clock=clock) as watch:
        watch.report(0)
        for second in range(1, 61):
            clock.now = float(second)
            watch.report(second * 10_000_000)
        watch.note("the connection broke")
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "30%, 300 MB of 1 GB, 10 MB/s, 1.2 min left",
        "60%, 600 MB of 1 GB, 10 MB/s, 40 s left",
        "the connection broke",
    ]


def test_what_was_here_before_does_not_count_as_speed(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    with Watch(1_000_000_000, io.StringIO(), clock=clock) as watch:
        watch.report(500_000_000)
        clock.now = 30.0
        watch.report(530_000_000)
    assert capsys.readouterr().err.strip() == "53%, 530 MB of 1 GB, 1 MB/s, 7.8 min left"


def test_the_first_few_bytes_say_nothing_of_the_speed(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    with Watch(1_000_000_000, io.StringIO(), clock=clock) as watch:
        watch.report(0)
        clock.now = 30.0
        watch.report(3)
    assert capsys.readouterr().err.strip() == "0%, 3 B of 1 GB"


def test_quiet_means_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    with Watch(10, io.StringIO(), quiet=True) as watch:
        watch.note("something")
        watch.report(5)
    assert capsys.readouterr().err == ""


def test_an_interrupt_says_that_what_is_here_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyboardInterrupt), Watch(10, io.StringIO()):
        raise KeyboardInterrupt
    assert "goes on from there" in capsys.readouterr().err
