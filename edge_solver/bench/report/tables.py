"""The tables of a report, each once: which there are, and what stands in them."""

from __future__ import annotations

from collections.abc import Sequence

from edge_solver.bench.evidence import Choice
from edge_solver.bench.findings import Frontier, Point, Study
from edge_solver.bench.report.table import As, Table, Value, plain

_COSTS = {"flops": "FLOPs", "flops_paper": "FLOPs, paper's count", "joules": "joules", "seconds": "seconds"}


class Names:
    """What configurations are called: as short as they can be told apart in this study."""

    def __init__(self, points: Sequence[Point]) -> None:
        """Find out what differs among the points."""
        choices = [point.choice for point in points]
        self._model = len({choice.model for choice in choices}) > 1
        self._prm = len({choice.prm for choice in choices if choice.prm}) > 1
        self._setup = len({choice.setup for choice in choices}) > 1
        self._device = len({choice.device for choice in choices}) > 1

    def series(self, choice: Choice) -> str:
        """Name what stays the same along a curve over widths."""
        parts = [choice.model] if self._model else []
        parts.append(choice.strategy)
        parts += [f"with {choice.prm}"] if self._prm and choice.prm else []
        parts += [f"({choice.setup})"] if self._setup and choice.setup else []
        parts += [f"on {choice.device}"] if self._device else []
        return plain(" ".join(parts))

    def choice(self, choice: Choice) -> str:
        """Name a configuration, its width after an @."""
        return self.series(choice).replace(plain(choice.strategy), f"{plain(choice.strategy)}@{choice.width}", 1)


def headline(study: Study, names: Names) -> Table:
    """Show every configuration: accuracy, coverage, cost, and whether it is on the frontier."""
    on = {index for found in study.frontiers if found.cost == "flops" for index in found.points}
    return Table(
        "headline",
        "Every configuration",
        (
            ("configuration", As.TEXT),
            ("accuracy", As.PERCENT),
            ("coverage", As.PERCENT),
            ("FLOPs", As.FLOPS),
            ("joules", As.JOULES),
            ("label", As.TEXT),
            ("seconds", As.SECONDS),
            ("frontier", As.TEXT),
        ),
        tuple(
            (
                names.choice(p.choice),
                p.accuracy,
                p.coverage,
                p.flops,
                p.joules,
                p.label,
                p.seconds,
                "yes" if index in on else "no",
            )
            for index, p in enumerate(study.points)
        ),
    )


def cost(study: Study, names: Names) -> Table:
    """Show what a problem cost."""
    return Table(
        "cost",
        "Cost of a problem",
        (
            ("configuration", As.TEXT),
            ("runs", As.COUNT),
            ("FLOPs", As.FLOPS),
            ("of which reward model", As.PERCENT),
            ("FLOPs, paper's count", As.FLOPS),
            ("tokens", As.TOKENS),
            ("seconds", As.SECONDS),
            ("joules", As.JOULES),
            ("label", As.TEXT),
            ("scope", As.TEXT),
            ("joules per right answer", As.JOULES),
            ("answered", As.PERCENT),
            ("stopped by", As.TEXT),
        ),
        tuple(
            (
                names.choice(p.choice),
                p.runs,
                p.flops,
                p.flops_prm / p.flops if p.flops else None,
                p.flops_paper,
                p.tokens,
                p.seconds,
                p.joules,
                p.label,
                p.scope,
                p.joules / p.accuracy.value if p.joules is not None and p.accuracy.value else None,
                p.answered,
                ", ".join(f"{reason} {share:.0%}" for reason, share in p.stopped.items()),
            )
            for p in study.points
        ),
    )


def frontier(study: Study, names: Names, found: Frontier) -> Table:
    """Show the points of a frontier, from the cheapest up."""
    kind = {"joules": As.JOULES, "seconds": As.SECONDS}.get(found.cost, As.FLOPS)
    points = [study.points[index] for index in found.points]
    return Table(
        f"frontier-{found.cost.replace('_', '-')}",
        f"Frontier at {frontier_name(found)}",
        (("configuration", As.TEXT), (_COSTS[found.cost], kind), ("accuracy", As.PERCENT)),
        tuple((names.choice(p.choice), float(getattr(p, found.cost)), p.accuracy) for p in points),
    )


def frontier_name(found: Frontier) -> str:
    """Name the cost of a frontier with what its figures mean."""
    match found.cost:
        case "flops":
            return "executed FLOPs"
        case "flops_paper":
            return "the paper's FLOPs"
        case "joules":
            return plain(f"joules, {found.label}, {found.scope}")
        case _:
            return plain(f"seconds on {found.device}")


def coverage(study: Study, names: Names) -> Table:
    """Show pass@k at powers of two and the fitted law."""
    rows = []
    for curve in study.coverage:
        rows += [
            (names.series(curve.choice), curve.ks[i], curve.values[i], curve.law.at(curve.ks[i]) if curve.law else None)
            for i in curve.powers_of_two()
        ]
    return Table(
        "coverage",
        "Coverage, pass@k",
        (("samples of", As.TEXT), ("k", As.COUNT), ("pass@k", As.PERCENT), ("law", As.PERCENT)),
        tuple(rows),
    )


def laws(study: Study, names: Names) -> Table:
    """Show the fitted laws of coverage."""
    return Table(
        "coverage-laws",
        "Coverage = exp(a·k⁻ᵇ)",
        (
            ("samples of", As.TEXT),
            ("a", As.NUMBER),
            ("b", As.NUMBER),
            ("R²", As.FIT),
            ("typical miss", As.PERCENT),
            ("miss at the largest k, fitted on the first half", As.POINTS),
        ),
        tuple(
            (names.series(c.choice), c.law.a, c.law.b, c.law.r2, c.law.rmse, c.law.held_out)
            for c in study.coverage
            if c.law
        ),
    )


def sizes(study: Study) -> Table:
    """Show the law of the compute-optimal model size."""
    return Table(
        "model-size",
        "log10 C = alpha·log10 N + beta over the frontier",
        (
            ("FLOPs", As.TEXT),
            ("alpha", As.NUMBER),
            ("beta", As.NUMBER),
            ("points", As.COUNT),
            ("sizes", As.COUNT),
        ),
        tuple(
            ("executed" if s.cost == "flops" else "paper's count", s.law.alpha, s.law.beta, s.law.points, s.law.sizes)
            for s in study.sizes
        ),
    )


def saturation(study: Study, names: Names) -> Table:
    """Show the limits of voting beside what was measured."""
    rows: list[tuple[Value, ...]] = []
    for found in study.saturation:
        name = names.series(found.choice).replace(plain(found.choice.strategy), found.rule, 1)
        rows += [(name, f"measured, width {m.width}", m.accuracy, None, None) for m in found.measured]
        rows.append((name, "limit, endless samples", found.limit.limit, found.limit.settled, found.limit.samples))
    return Table(
        "saturation",
        "Where voting saturates",
        (
            ("vote", As.TEXT),
            ("votes", As.TEXT),
            ("accuracy", As.PERCENT),
            ("problems with a settled winner", As.PERCENT),
            ("samples a problem", As.COUNT),
        ),
        tuple(rows),
    )


def subjects(study: Study, names: Names) -> Table:
    """Show the largest width of every series by subject."""
    return Table(
        "subjects",
        "Accuracy by subject",
        (("subject", As.TEXT), ("problems", As.COUNT), ("configuration", As.TEXT), ("accuracy", As.PERCENT)),
        tuple((s.subject, s.problems, names.choice(study.points[s.point].choice), s.accuracy) for s in study.subjects),
    )


def reliability(study: Study, names: Names) -> Table:
    """Show the calibration error of every confidence, and its bins."""
    return Table(
        "reliability",
        "Confidence and what came of it",
        (
            ("configuration", As.TEXT),
            ("confidence from", As.PERCENT),
            ("to", As.PERCENT),
            ("answers", As.COUNT),
            ("mean confidence", As.PERCENT),
            ("right", As.PERCENT),
        ),
        tuple(
            (names.choice(study.points[r.point].choice), b.low, b.high, b.n, b.confidence, b.accuracy)
            for r in study.reliability
            for b in r.calibration.bins
        ),
    )


def calibration_error(study: Study, names: Names) -> Table:
    """Show the expected calibration error of every confidence."""
    return Table(
        "calibration-error",
        "Expected calibration error",
        (("configuration", As.TEXT), ("answers", As.COUNT), ("error", As.PERCENT)),
        tuple(
            (names.choice(study.points[r.point].choice), r.calibration.n, r.calibration.error)
            for r in study.reliability
        ),
    )


def differences(study: Study, names: Names) -> Table:
    """Show paired differences in accuracy."""
    return Table(
        "differences",
        "Paired differences in accuracy",
        (
            ("configuration", As.TEXT),
            ("against", As.TEXT),
            ("difference", As.POINTS),
            ("p, sign test", As.NUMBER),
            ("told apart", As.TEXT),
        ),
        tuple(
            (
                names.choice(study.points[d.a].choice),
                names.choice(study.points[d.b].choice),
                d.gap.estimate,
                d.gap.p,
                "yes" if d.gap.apart else "no",
            )
            for d in study.differences
        ),
    )


def equal_compute(study: Study, names: Names) -> Table:
    """Show tree searches beside sampling that costs as many FLOPs."""
    return Table(
        "equal-compute",
        "Tree search against sampling at equal FLOPs",
        (
            ("tree search", As.TEXT),
            ("FLOPs", As.FLOPS),
            ("accuracy", As.PERCENT),
            ("sampling at that cost", As.TEXT),
            ("difference", As.POINTS),
            ("p, sign test", As.NUMBER),
            ("told apart", As.TEXT),
        ),
        tuple(
            (
                names.choice(study.points[e.search].choice),
                study.points[e.search].flops,
                study.points[e.search].accuracy,
                _between(study, names, e.low, e.high),
                e.gap.estimate,
                e.gap.p,
                "yes" if e.gap.apart else "no",
            )
            for e in study.equal_compute
        ),
    )


def _between(study: Study, names: Names, low: int, high: int) -> str:
    """Name the widths on either side of a cost, or the widest there is."""
    if low == high:
        return f"{names.choice(study.points[low].choice)}, the widest"
    return f"{names.choice(study.points[low].choice)} to @{study.points[high].choice.width}"


def catch_ups(study: Study, names: Names) -> Table:
    """Show how cheaply tree searches reach what sampling reaches at its widest."""
    return Table(
        "catch-up",
        "Sampling at its widest, and the tree search that reaches it",
        (
            ("sampling", As.TEXT),
            ("FLOPs", As.FLOPS),
            ("accuracy", As.PERCENT),
            ("tree search", As.TEXT),
            ("its FLOPs", As.FLOPS),
            ("its accuracy", As.PERCENT),
            ("times fewer FLOPs", As.NUMBER),
        ),
        tuple(
            (
                names.choice(study.points[c.sampling].choice),
                study.points[c.sampling].flops,
                study.points[c.sampling].accuracy,
                names.choice(study.points[c.search].choice),
                study.points[c.search].flops,
                study.points[c.search].accuracy,
                c.times,
            )
            for c in study.catch_ups
        ),
    )


def runs(study: Study) -> Table:
    """Show what was run and how."""
    return Table(
        "runs",
        "What was run",
        (
            ("folder", As.TEXT),
            ("trials", As.COUNT),
            ("device", As.TEXT),
            ("version", As.TEXT),
            ("settings", As.TEXT),
            ("command", As.TEXT),
        ),
        tuple(
            (
                s.folder,
                s.trials,
                s.device,
                s.version,
                ", ".join(f"{key} {value}" for key, value in s.settings.items()),
                s.command,
            )
            for s in study.sources
        ),
    )
