"""A study in plain sentences: what the figures show, and what they cannot.

Every sentence is made from the study's values and says how sure it is; none is written unless its figures are there.
"""

from __future__ import annotations

from collections.abc import Iterator

from edge_solver.bench.findings import Point, Saturation, Study
from edge_solver.bench.report.table import As, plain, written
from edge_solver.bench.report.tables import Names, frontier_name
from edge_solver.bench.trials import MIXED
from edge_solver.core.meter import EnergyLabel
from edge_solver.quantities import Kind, show

_FEW = 100
"""Problems; below this a 95 % interval on an accuracy near one half is wider than 19 percentage points."""


def shows(study: Study) -> Iterator[str]:
    """Say what the figures show."""
    names = Names(study.points)
    best = max(study.points, key=lambda point: (point.accuracy.value, -point.flops))
    count = len(study.points)
    yield (
        f"On the {_problems(study.problems)} of the suite {plain(study.suite)!r} that {_all(count)} tried, "
        f"{names.choice(best.choice)} was right most often: {_share(best)}."
    )
    if count > 1:
        yield _against_cheapest(study, names, best)
    joules = study.frontier("joules")
    if joules and joules.points:
        thrifty = min(
            (study.points[i] for i in joules.series if study.points[i].accuracy.value > 0),
            key=lambda point: (point.joules or 0.0) / point.accuracy.value,
            default=None,
        )
        if thrifty is not None and thrifty.joules is not None:
            yield (
                f"A right answer costs least energy with {names.choice(thrifty.choice)}: "
                f"{show(thrifty.joules / thrifty.accuracy.value, Kind.JOULES)} each ({frontier_name(joules)})."
            )
    yield from _equal_compute(study, names)
    for curve in study.coverage:
        if curve.law:
            yield (
                f"Of {curve.samples} samples of {names.series(curve.choice)} at least one is right for "
                f"{written(curve.values[-1], As.PERCENT)} of the problems; coverage follows exp(a·k⁻ᵇ) with "
                f"b = {written(curve.law.b, As.NUMBER)}, typically {100 * curve.law.rmse:.1f} percentage points off."
            )
    for found in study.saturation:
        yield _limit(found, names)
    yield from _apart(study)


def _equal_compute(study: Study, names: Names) -> Iterator[str]:
    """Say whether tree search pays."""
    for is_own, whose in ((True, ""), (False, " with a larger model")):
        compared = [e for e in study.equal_compute if (_model(study, e.search) == _model(study, e.low)) is is_own]
        if compared:
            above = sum(e.gap.apart and e.gap.estimate.value > 0 for e in compared)
            below = sum(e.gap.apart and e.gap.estimate.value < 0 for e in compared)
            yield (
                f"Tree search against sampling{whose} at equal FLOPs: better in {above} of {len(compared)} "
                f"comparisons, worse in {below}, not told apart in the others."
            )
    for found in study.catch_ups:
        search, sampling = study.points[found.search], study.points[found.sampling]
        if search.choice.strategy != "rebase":
            continue
        goal = f"the {100 * sampling.accuracy.value:.1f} % of {names.choice(sampling.choice)}"
        if found.times is None:
            yield f"{names.choice(search.choice)} does not reach {goal}: {_share(search)} is its best."
        else:
            cost = f"{found.times:.2g} times fewer" if found.times > 1 else f"{1 / found.times:.2g} times the"
            yield f"{names.choice(search.choice)} reaches {goal} with {cost} FLOPs."


def _model(study: Study, point: int) -> str:
    return study.points[point].choice.model


def cannot(study: Study) -> Iterator[str]:
    """Say what the figures cannot show."""
    if study.problems < _FEW:
        yield (
            f"With {_problems(study.problems)} the intervals are wide: a difference of a few percentage points may be "
            "chance."
        )
    yield (
        "The best of several configurations looks a little better than it is, because chance helped to choose it; and "
        "nothing here says how other kinds of problems would go."
    )
    comparisons = len(study.differences)
    if comparisons > 1:
        yield (
            f"Each comparison stands for itself; of {comparisons} comparisons about {max(1, round(comparisons / 20))} "
            "would tell two strategies apart by chance even if all were equal."
        )
    yield from _obtained(study)
    yield from _together(study)
    missing = sum(point.joules is None for point in study.points)
    if missing:
        mixed = any(point.label == MIXED for point in study.points)
        yield (
            f"{missing} of {len(study.points)} configurations have no joules"
            f"{', some because their runs carry different labels' if mixed else ''}."
        )
    if study.saturation:
        yield (
            "The limits of voting are estimates from finitely many samples; they hold for independent samples, and no "
            "theory says where a tree search saturates."
        )
    if not study.sizes:
        yield "The law of the best model size needs at least two sizes on the frontier, which are not there."
    if study.left_out or study.unshared:
        names = ", ".join(f"{plain(out.choice.strategy)}@{out.choice.width}" for out in study.left_out)
        yield (
            f"{_problems(study.unshared)} that not every configuration has answered "
            f"{'is' if study.unshared == 1 else 'are'} not counted"
            f"{f', and these configurations are left out, having answered too few: {names}' if names else ''}."
        )
    if any(source.torn for source in study.sources):
        yield "A last line that was cut off when a run was killed is left out."


def _obtained(study: Study) -> Iterator[str]:
    """Say how the joules were obtained where that limits what they are worth."""
    labels = sorted({point.label for point in study.points if point.joules is not None})
    if EnergyLabel.ESTIMATED_DEFAULT.value in labels:
        yield "Joules labelled estimated-default come from generic constants and may be wrong by a factor of three."
    if EnergyLabel.ESTIMATED_CALIBRATED.value in labels:
        yield (
            "Joules labelled estimated-calibrated come from a fit to the device; how far off it may be stands with "
            "each result."
        )
    if len(labels) > 1:
        yield f"Joules were obtained in different ways ({', '.join(labels)}) and are kept apart."


def _together(study: Study) -> Iterator[str]:
    """Say what seconds and joules mean where a machine did several things at once."""
    if any(str(source.settings.get("in_flight", "")) != "1" for source in study.sources):
        yield (
            "Where several problems were solved at the same time, the seconds and joules of one are its part of the "
            "machine's; alone it may take longer."
        )
    shared = sum(point.shared > 0 for point in study.points)
    if shared:
        yield (
            f"The seconds and joules of {shared} of {len(study.points)} configurations are parts, in proportion to "
            "FLOPs, of a wider search that drew their samples too."
        )


def _share(point: Point) -> str:
    return written(point.accuracy, As.PERCENT)


def _problems(number: int) -> str:
    return f"{number} problem{'' if number == 1 else 's'}"


def _all(count: int) -> str:
    return "the one configuration" if count == 1 else f"all {count} configurations"


def _against_cheapest(study: Study, names: Names, best: Point) -> str:
    cheapest = min(study.points, key=lambda point: (point.flops, -point.accuracy.value))
    if best is cheapest or not cheapest.flops:
        return "It was also the cheapest in FLOPs: nothing was gained by spending more."
    gain = best.accuracy.value - cheapest.accuracy.value
    return (
        f"The cheapest, {names.choice(cheapest.choice)}, reached {_share(cheapest)}: the best gains "
        f"{100 * gain:.1f} percentage points for {best.flops / cheapest.flops:.3g} times the FLOPs."
    )


def _limit(found: Saturation, names: Names) -> str:
    limit = found.limit.limit
    name = names.series(found.choice).replace(plain(found.choice.strategy), found.rule, 1)
    text = f"With endless samples a vote by {name} would be right for {written(limit, As.PERCENT)} of the problems"
    if not found.measured:
        return f"{text}."
    widest = max(found.measured, key=lambda one: one.width)
    left = limit.value - widest.accuracy.value
    if left > 0:
        return f"{text}: {100 * left:.1f} percentage points above width {widest.width}."
    return f"{text}: width {widest.width}, at {widest.accuracy.value:.1%}, is there already."


def _apart(study: Study) -> Iterator[str]:
    if study.differences:
        told = sum(d.gap.apart for d in study.differences)
        yield f"Of {len(study.differences)} paired comparisons {told} tell the two strategies apart."
