"""What ``edge-solver energy --calibrate`` does: let the models work under a real meter, and keep what was fitted.

How long it will take is said first, progress stands on a line of the terminal, and Ctrl-C ends it with nothing stored.
"""

from __future__ import annotations

import sys
import threading
import time
from datetime import datetime, timezone

from edge_solver.bench.calibrate import Fitted, Schedule, Workshop, schedule_for
from edge_solver.cli import output
from edge_solver.cli.interrupts import Interrupts
from edge_solver.cli.status import StatusLine
from edge_solver.config import Settings
from edge_solver.core.events import plain
from edge_solver.core.meter import Activity, Reading
from edge_solver.energy import Choice, calibration, open_real
from edge_solver.energy.calibration import DOUBTFUL, Calibration
from edge_solver.errors import EdgeSolverError, ExitCode
from edge_solver.quantities import Kind, show
from edge_solver.wording import margin


def run(settings: Settings, *, as_json: bool, choice: Choice | None = None, schedule: Schedule | None = None) -> int:
    """Calibrate, store and say so.

    Args:
        settings: The models and threads that it is for, and the meter that is wanted.
        as_json: Whether to print one JSON document.
        choice: The meter to fit against, instead of this machine's best.
        schedule: How long to work, instead of what suits the meter.

    Raises:
        UsageError: No real meter works here; says why, and what would enable one.
        EdgeSolverError: A model cannot be used, the meter broke, or what it says explains nothing.
    """
    choice = choice or open_real(settings.meter)  # before any model is loaded
    reading = choice.meter.read(Activity(0, 0.0))
    stop = threading.Event()
    with Interrupts() as interrupts:
        interrupts.call(stop.set)
        made = _made(settings, choice, reading, schedule or schedule_for(reading.label), stop)
    if made is None:
        output.say("stopped by you; nothing was stored")
        return ExitCode.INTERRUPTED
    path = calibration.store(made)
    if as_json:
        output.emit_json({**plain(made), "file": str(path)})
        return ExitCode.ANSWERED
    _say(made)
    output.say(f"kept in {path}")
    return ExitCode.ANSWERED


def _made(
    settings: Settings, choice: Choice, reading: Reading, schedule: Schedule, stop: threading.Event
) -> Calibration | None:
    """Work and return the calibration; ``None`` where it was stopped."""
    from edge_solver.assembly import Assembly
    from edge_solver.loading import tie_of_settings

    with Assembly(settings) as assembly:
        engines = assembly.engines
        workshop = Workshop(engines.drafter, engines.scorer, time.monotonic, choice.meter, stop.wait)
        bound = tie_of_settings(settings)
        planned = show(workshop.planned_seconds(schedule), Kind.SECONDS)
        output.say(
            f"fitting the estimate against {choice.name} takes about {planned}; leave the machine alone meanwhile"
        )
        fitted = _work(workshop, schedule, stop)
    if fitted is None:
        return None
    if tie_of_settings(settings) != bound:
        raise EdgeSolverError("a charger came or went in the middle of it, so nothing is stored; calibrate again")
    return Calibration(
        tie=bound,
        rates=fitted.rates,
        error=fitted.error,
        meter=choice.name,
        label=reading.label.value,
        scope=reading.scope,
        windows=len(fitted.windows),
        seconds=fitted.seconds,
        made=datetime.now(timezone.utc).isoformat(timespec="seconds"),
    )


def _work(workshop: Workshop, schedule: Schedule, stop: threading.Event) -> Fitted | None:
    line = StatusLine(sys.stderr, colour=output.colours(sys.stderr)) if output.is_terminal(sys.stderr) else None
    try:
        for stage in workshop.calibrate(schedule, stop.is_set):
            if isinstance(stage, Fitted):
                return stage
            if line is not None:
                line.draw([(f"calibrating {stage.done:.0%}", None), (stage.kind, None)])
    finally:
        if line is not None:
            line.clear()
    return None


def _say(made: Calibration) -> None:
    rates = made.rates
    output.emit(f"calibrated against {made.meter} ({made.label}, {made.scope}): {margin(made.error)}")
    output.emit(f"  {rates.joules_per_flop * 1e12:.3g} pJ per FLOP")
    output.emit(f"  {rates.joules_per_byte * 1e12:.3g} pJ per byte read")
    output.emit(f"  {rates.idle_watts:.3g} W when idle")
    bound = made.tie
    output.emit(f"for {bound.device}; {bound.build}; threads: {bound.threads}; power source {bound.power_source}")
    if made.error > DOUBTFUL:
        output.say(
            f"warning: estimates may be {made.error:.0%} off: the machine was busy, throttled, or does not follow the "
            "model; close other programs and calibrate again"
        )
