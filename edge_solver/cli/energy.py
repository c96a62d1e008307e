"""``edge-solver energy``: which meter works here, why the others do not, and what to type to enable one.

The meters are tried by ``edge_solver.energy``; this only says what came of it.
"""

from __future__ import annotations

import click

from edge_solver.cli import output
from edge_solver.core.events import plain
from edge_solver.core.meter import EnergyLabel
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
_HEADINGS = ("", "meter", "label", "scope")


@click.command("energy")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(*, as_json: bool) -> int:
    """Say which energy meters work on this machine, why others do not, and how to enable them."""
    from edge_solver.energy import survey

    findings = survey()
    used = next(finding for finding in findings if finding.chosen)
    if as_json:
        refused = [finding for finding in findings if not finding.works]
        output.emit_json(
            {
                "meter": used.meter,
                "label": used.label.value,
                "scope": used.scope,
                "refused": [{name: plain(getattr(item, name)) for name in _REFUSAL} for item in refused],
                "meters": [plain(finding) for finding in findings],
            }
        )
        return ExitCode.ANSWERED
    output.emit(f"{used.meter}: {_QUALITY[used.label]} ({used.label.value}, {used.scope})")
    output.emit("")
    rows = [
        ("*" if finding.chosen else "", finding.meter, finding.label.value, finding.scope or "—")
        for finding in findings
    ]
    widths = [max(map(len, column)) for column in zip(_HEADINGS, *rows, strict=True)]
    for row in (_HEADINGS, *rows):
        output.emit("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    output.emit("")
    for finding in findings:
        if finding.reason:
            output.emit(f"{finding.meter} {'is not used' if finding.works else 'does not work'}: {finding.reason}")
        if finding.remedy:
            output.emit(f"  {'to use' if finding.works else 'to enable'} it: {finding.remedy}")
    return ExitCode.ANSWERED


_REFUSAL = ("meter", "reason", "remedy")
