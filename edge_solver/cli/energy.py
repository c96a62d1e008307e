"""``edge-solver energy``: which meter works here, why better ones do not, and how to enable one.

The meters are tried by ``edge_solver.energy``; this only says what came of it.
"""

from __future__ import annotations

import click

from edge_solver.cli import output
from edge_solver.core.events import plain
from edge_solver.core.meter import Activity, EnergyLabel
from edge_solver.errors import ExitCode

_QUALITY = {
    EnergyLabel.MEASURED_WALL: "measured at the wall",
    EnergyLabel.MEASURED_BATTERY: "measured at the battery",
    EnergyLabel.COUNTER: "counted by the hardware",
    EnergyLabel.ESTIMATED_CALIBRATED: "estimated from FLOPs and seconds, calibrated on this machine",
    EnergyLabel.ESTIMATED_DEFAULT: "estimated from FLOPs and seconds, uncalibrated: right within a factor of three",
    EnergyLabel.UNAVAILABLE: "no figure",
    EnergyLabel.STALE: "an old figure",
}


@click.command("energy")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(*, as_json: bool) -> int:
    """Say which energy meter works on this machine, why better ones do not, and how to enable them."""
    from edge_solver.energy import choose_meter

    choice = choose_meter()
    reading = choice.meter.read(Activity(0, 0.0))
    if as_json:
        output.emit_json(
            {
                "meter": choice.name,
                "label": reading.label.value,
                "scope": reading.scope,
                "refused": [plain(refusal) for refusal in choice.refusals],
            }
        )
        return ExitCode.ANSWERED
    output.emit(f"{choice.name}: {_QUALITY[reading.label]} ({reading.label.value}, {reading.scope})")
    for refusal in choice.refusals:
        output.emit(f"{refusal.meter} does not work: {refusal.reason}")
        if refusal.remedy:
            output.emit(f"  to enable it: {refusal.remedy}")
    return ExitCode.ANSWERED
