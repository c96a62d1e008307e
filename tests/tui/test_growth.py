from pathlib import Path

import pytest

from edge_solver.core.events import Drafted, Leading, Planned, Scored, Solved, Voted
from edge_solver.core.tree import ROOT, Finish
from edge_solver.recording import read
from edge_solver.tui.growth import Growth
from edge_solver.tui.pace import LONGEST_SECONDS, SHARE, SHORTEST_SECONDS, Pace


def drafted(node: int, parent: int, depth: int, answer: str | None = None) -> Drafted:
    finish = Finish.STEP if answer is None else Finish.ANSWER
    return Drafted(node, parent, depth, f"step {node}", 5, finish, answer)


def drawn(growth: Growth) -> list[str]:
    return [f"{line.guide}{line.step.id}" for line in growth.lines()]


def test_a_chain_stays_in_one_column_and_siblings_part() -> None:
    growth = Growth()
    growth.hear([drafted(1, 0, 1), drafted(2, 1, 2), drafted(3, 2, 3), drafted(4, 2, 3), drafted(5, 3, 4)])
    assert drawn(growth) == ["1", "2", "├ 3", "│ 5", "└ 4"]
    growth.hear([drafted(6, 0, 1)])
    assert drawn(growth) == ["├ 1", "│ 2", "│ ├ 3", "│ │ 5", "│ └ 4", "└ 6"]


def test_branches_that_write_the_same_share_a_line_until_they_part() -> None:
    growth = Growth()
    same = [Drafted(node, 0, 1, "3*4=12", 5, Finish.STEP, None) for node in (1, 2, 3)]
    growth.hear([*same, drafted(4, 0, 1), Planned(((1, 2), (3, 1)), (2,), None)])
    first, other = growth.lines()
    assert [step.id for step in first.equals] == [1, 2, 3]
    assert (first.width, first.is_given_up, len(other.equals)) == (3, False, 1)
    assert growth.place(3) == 0
    growth.hear([Drafted(5, 3, 2, "12+1=13", 5, Finish.STEP, None), Drafted(6, 1, 2, "12+1=13", 5, Finish.STEP, None)])
    growth.hear([drafted(7, 3, 2, "14")])
    assert drawn(growth) == ["├ 1", "│ ├ 5", "│ └ 7", "└ 4"]
    assert growth.lines()[1].is_on(frozenset({6}))
    growth.hear([Planned((), (4,), None)])
    assert growth.lines()[-1].is_given_up


def test_siblings_stand_by_age_in_whatever_order_they_come() -> None:
    growth = Growth()
    growth.hear([drafted(3, 0, 1), drafted(1, 0, 1), drafted(2, 0, 1)])
    assert drawn(growth) == ["├ 1", "├ 2", "└ 3"]


def test_steps_that_were_never_heard_of_do_no_harm() -> None:
    growth = Growth()
    growth.hear([drafted(7, 5, 3), Scored(9, 0.5), Planned(((4, 2),), (8,), None)])
    assert drawn(growth) == []


def test_a_recorded_run_is_known_as_it_ended(recorded: Path) -> None:
    growth = Growth()
    events = [event for _, event in read(recorded)]
    growth.hear(events)
    last = events[-1]
    assert isinstance(last, Solved)
    solution = last.solution
    assert growth.solution == solution
    assert len(growth.steps) == solution.tree.nodes
    assert growth.candidates == solution.candidates
    assert growth.best is not None
    assert [step.text for step in growth.path(growth.best)] == [step.step for step in solution.best_path]
    assert sum(step.width for step in growth.steps.values()) >= solution.tree.nodes - 1
    lines = growth.lines()
    assert sum(len(line.equals) for line in lines) == solution.tree.nodes - 1
    assert all(growth.place(step.id) == number for number, line in enumerate(lines) for step in line.equals)


def test_a_run_that_was_recorded_without_votes_still_shows_its_best_path(recorded: Path) -> None:
    growth = Growth()
    growth.hear(event for _, event in read(recorded) if not isinstance(event, Voted | Solved))
    assert growth.best is None or growth.steps[growth.best].answer is not None
    last = next(event for _, event in reversed(list(read(recorded))) if isinstance(event, Leading))
    assert growth.best is not None
    assert growth.steps[growth.best].answer == last.answer
    assert ROOT not in growth.best_path


def test_weights_that_shift_are_told() -> None:
    from edge_solver.core.solution import CandidateAnswer as Answer

    growth = Growth()
    growth.hear([drafted(1, 0, 1, "7"), Voted((Answer("7", 0.5, 1),), 1, 1.0)])
    growth.hear([drafted(2, 0, 1, "8"), Voted((Answer("8", 0.9, 1), Answer("7", 0.5, 1)), 2, 0.6)])
    assert growth.shifts == {"8": 0.9, "7": 0.0}
    assert growth.best_path == {2}


def test_frames_come_less_often_the_more_they_cost() -> None:
    pace = Pace()
    assert pace.wait_seconds(10.0) == 0
    pace.begin(10.0, 0.0)
    pace.begin(11.0, 0.0001)
    assert pace.interval_seconds == SHORTEST_SECONDS
    assert pace.wait_seconds(11.0) == pytest.approx(SHORTEST_SECONDS)
    for frame in range(50):
        pace.begin(12.0 + frame, 0.006 * (frame + 1))
    assert pace.interval_seconds == pytest.approx(0.006 / SHARE, rel=0.01)
    for frame in range(50):
        pace.begin(100.0 + frame, 1.0 + frame)
    assert pace.interval_seconds == LONGEST_SECONDS
