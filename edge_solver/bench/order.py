"""What is to be measured: everything that decides the results of a benchmark, and the head of its ``run.json``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from edge_solver import __version__
from edge_solver.bench import machine
from edge_solver.bench.arms import Arm, Group, can_share, group_arms, plan_arms
from edge_solver.bench.suites import Suite
from edge_solver.catalog import ModelKind, formats, resolve
from edge_solver.config import Settings
from edge_solver.core.budget import Budget
from edge_solver.core.events import plain
from edge_solver.core.strategies import STRATEGIES
from edge_solver.loading import model_names

SCHEMA = 1
_PER_ARM = ("strategy", "seed")
"""Settings that every arm has its own of; so has it of the width."""


@dataclass(frozen=True)
class Order:
    """A suite and the arms to run it with."""

    suite: Suite
    settings: Settings
    """Of every search, but for strategy, width and seed."""
    strategies: tuple[str, ...]
    widths: tuple[int, ...]
    seeds: tuple[int, ...]
    in_flight: int | None = None
    """Problems whose branches a call has places for; ``None`` for as many as make the models faster."""
    suite_budget: Budget = field(default_factory=Budget)
    """For each arm over the whole suite; at most one quantity."""
    demo: bool = False
    """A simulated world stands in for the models."""
    command: tuple[str, ...] = ()

    @cached_property
    def arms(self) -> tuple[Arm, ...]:
        """Every strategy and width with every seed."""
        return plan_arms(self.strategies, self.widths, self.seeds)

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """What one search at a time serves."""
        policies = 1 if self.demo else len(model_names(self.settings.engine.model))
        share = can_share(self.settings, policies) and not self.suite_budget.caps
        return group_arms(self.arms, share=share)

    @property
    def at_once(self) -> int | None:
        """Problems at the same time: one where seconds or joules are capped, since these are a whole machine's."""
        budgets = (self.settings.budget, self.suite_budget)
        timed = any(budget.seconds is not None or budget.joules is not None for budget in budgets)
        return 1 if timed else self.in_flight

    def head(self) -> dict[str, Any]:
        """Return the document of ``run.json``.

        Raises:
            ModelError: A model is missing or broken.
            UnknownNameError: The name of a model or of a format is not known.
        """
        settings = {name: value for name, value in plain(self.settings).items() if name not in _PER_ARM}
        settings["search"] = {name: value for name, value in settings["search"].items() if name != "width"}
        return {
            "schema": SCHEMA,
            "version": __version__,
            "suite": {
                "name": self.suite.name,
                "sha256": self.suite.sha256,
                "n": len(self.suite.problems),
                "left_out": len(self.suite.left_out),
            },
            "models": self._models(),
            "settings": {
                "strategies": list(self.strategies),
                "widths": list(self.widths),
                "seeds": list(self.seeds),
                "in_flight": self.at_once,
                "suite_budget": plain(self.suite_budget),
                **settings,
            },
            "device": machine.facts(),
            "command": list(self.command),
        }

    def _models(self) -> dict[str, Any]:
        self._check_formats()
        if self.demo:
            return {"policies": _named(["scripted-policy"]), "prm": _named(["scripted-prm"])[0]}
        chosen = self.settings.engine
        policies = [resolve(ModelKind.POLICY, name) for name in model_names(chosen.model)]
        is_scored = any(STRATEGIES[arm.strategy].scored for arm in self.arms)
        prm = resolve(ModelKind.PRM, chosen.prm) if is_scored else None
        return {
            "policies": [{"name": policy.name, "sha256": policy.sha256} for policy in policies],
            "prm": {"name": prm.name, "sha256": prm.sha256} if prm else None,
        }

    def _check_formats(self) -> None:
        chosen = self.settings.engine
        if chosen.format:
            formats.step_format(chosen.format)
        if chosen.prm_format:
            formats.score_format(chosen.prm_format)


def _named(names: Sequence[str]) -> list[dict[str, Any]]:
    return [{"name": name, "sha256": None} for name in names]
