"""The suite under its caps, one after the other: how they share the time, and how each of them is recorded."""

from __future__ import annotations

from collections.abc import Callable

from edge_solver.bench.device.document import Document
from edge_solver.bench.device.plan import Plan, Wish
from edge_solver.bench.device.quality import caps, suite_facts
from edge_solver.bench.device.rig import Rig
from edge_solver.bench.device.windows import Windows
from edge_solver.core.cost import Shape


def solve_suite(
    rig: Rig, wish: Wish, found: Plan, policy: Shape, prm: Shape | None, quality: Document, windows: Windows,
    note: Callable[[str], None],
) -> None:  # fmt: skip
    """Solve problems under three caps; each has its share of the time, those before it leave what they save.

    Args:
        rig: The machine.
        wish: Whether a number of problems was asked for.
        found: The plan.
        policy: The policy's sizes.
        prm: The reward model's; without one the search does without, too.
        quality: Gets what is found, cap by cap.
        windows: Gets the energy of each cap's run.
        note: Told where time ran out.

    Raises:
        StoppedError: The user has asked for an end.
        OutOfTimeError: The time is up.
    """
    lab = rig.lab
    strategy = "rebase" if prm is not None else "majority"
    limits = caps(policy, prm, rig.solution_tokens)
    quality |= {"suite": suite_facts(found.problems), "strategy": strategy, "budgets": []}
    last = lab.limit or lab.clock() + dict(found.stages)["suite"]
    end = last

    def must_stop() -> bool:
        """Say whether a cap's time is over; as many problems as were asked for are solved however long it takes."""
        over = lab.limit is not None and lab.clock() >= lab.limit
        return lab.cancelled() or over or (wish.problems is None and lab.clock() >= end)

    for done, limit in enumerate(limits):
        spare = last - lab.clock()
        # A search takes about in proportion to its cap, and each cap some seconds to begin with.
        end = lab.clock() + max(1.0, spare * limit**0.5 / sum(other**0.5 for other in limits[done:]))
        score = rig.run_suite(limit, found.problems, strategy, must_stop)
        if score.n < score.wanted and not lab.cancelled():
            note(f"under the cap of {limit:.2g} FLOPs there was time for {score.n} of {score.wanted} problems")
        quality["budgets"].append(windows.keep_of(score, score.window))
        lab.check()
