"""What results say, as plain data: points, frontiers, laws, limits, calibration, differences.

A ``Study`` holds all of it and is the document that ``bench report --json`` prints; ``bench.study`` computes it,
reports only show it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edge_solver.bench.evidence import Choice, LeftOut
from edge_solver.bench.saturation import Limit
from edge_solver.bench.scaling import PowerLaw, SizeLaw
from edge_solver.bench.statistics import Calibration, Estimate, Gap


@dataclass(frozen=True, slots=True)
class Source:
    """A folder that was read."""

    folder: str
    device: str
    version: str
    command: str
    settings: Mapping[str, object]
    """Those that were set, nested ones with dotted names."""
    trials: int
    torn: bool


@dataclass(frozen=True, slots=True)
class Point:
    """What a configuration reached and cost; costs are means for one problem."""

    choice: Choice
    runs: int
    accuracy: Estimate
    coverage: Estimate
    """Share of problems with at least one right leaf."""
    answered: float
    """Share of runs that came to any answer."""
    flops: float
    flops_policy: float
    flops_prm: float
    flops_paper: float
    tokens: float
    seconds: float
    joules: float | None
    """``None`` where a run had none, or where the labels differ."""
    label: str
    scope: str
    parameters: float | None
    """Of the policy, as the paper's FLOPs give it."""
    shared: float
    """Share of runs whose seconds and joules are a part of a wider search's."""
    stopped: Mapping[str, float]
    """Why the searches ended, as shares."""


@dataclass(frozen=True, slots=True)
class Frontier:
    """The compute-optimal points at a kind of cost."""

    cost: str
    """Name of the field of ``Point``."""
    label: str
    """Of the joules; empty for other costs."""
    scope: str
    device: str
    """Empty for FLOPs, which are the same on every device."""
    series: tuple[int, ...]
    """Indices of all points that may be compared."""
    points: tuple[int, ...]
    """Indices of those on the frontier, from the cheapest up."""


@dataclass(frozen=True, slots=True)
class SizeFit:
    """Which model size the frontier asks for."""

    cost: str
    law: SizeLaw


@dataclass(frozen=True, slots=True)
class Coverage:
    """pass@k of a policy, and the law behind it."""

    choice: Choice
    """Where the samples come from."""
    samples: int
    ks: tuple[int, ...]
    values: tuple[Estimate, ...]
    law: PowerLaw | None

    def powers_of_two(self) -> list[int]:
        """Return the places of k = 1, 2, 4, ... and of the largest k: enough to show the curve."""
        return [i for i, k in enumerate(self.ks) if k & (k - 1) == 0 or i == len(self.ks) - 1]


@dataclass(frozen=True, slots=True)
class Measured:
    """The accuracy of a voting strategy at one width."""

    width: int
    accuracy: Estimate


@dataclass(frozen=True, slots=True)
class Saturation:
    """The limit of a vote beside what was measured."""

    rule: str
    choice: Choice
    """Where the samples come from."""
    limit: Limit
    measured: tuple[Measured, ...]


@dataclass(frozen=True, slots=True)
class Subject:
    """A configuration on the problems of one subject."""

    subject: str
    point: int
    problems: int
    accuracy: Estimate


@dataclass(frozen=True, slots=True)
class Reliability:
    """The calibration of a configuration's confidence, over runs that came to an answer."""

    point: int
    calibration: Calibration


@dataclass(frozen=True, slots=True)
class Difference:
    """Accuracy of point ``a`` minus that of ``b`` on the same problems and seeds."""

    a: int
    b: int
    gap: Gap


@dataclass(frozen=True, slots=True)
class EqualCompute:
    """A tree search against sampling that costs as many executed FLOPs, the reward model's among them."""

    search: int
    """Index of a point."""
    low: int
    high: int
    """Indices of the sampling points on either side of the search's FLOPs; the same where sampling ends before."""
    gap: Gap
    """Accuracy of the search minus that of sampling."""


@dataclass(frozen=True, slots=True)
class CatchUp:
    """How cheaply a tree search reaches what sampling reaches at its widest."""

    search: int
    """The cheapest point that reaches it; the best one where none does."""
    sampling: int
    times: float | None
    """Sampling's FLOPs over the search's; ``None`` where the search does not get there."""


@dataclass(frozen=True, slots=True)
class Study:
    """What one or several results folders say."""

    schema: int
    suite: str
    problems: int
    unshared: int
    sources: tuple[Source, ...]
    left_out: tuple[LeftOut, ...]
    points: tuple[Point, ...]
    frontiers: tuple[Frontier, ...]
    sizes: tuple[SizeFit, ...]
    coverage: tuple[Coverage, ...]
    saturation: tuple[Saturation, ...]
    subjects: tuple[Subject, ...]
    reliability: tuple[Reliability, ...]
    differences: tuple[Difference, ...]
    equal_compute: tuple[EqualCompute, ...]
    catch_ups: tuple[CatchUp, ...]

    def frontier(self, cost: str) -> Frontier | None:
        """Return the first frontier at a kind of cost."""
        return next((found for found in self.frontiers if found.cost == cost), None)
