"""``edge-solver energy``: which meter works here, why the others do not, and what to type to enable one.

With ``--calibrate`` it fits the estimate to this machine. The meters are tried by ``edge_solver.energy``, the work is
started by ``cli.calibrate``; this only says what came of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from edge_solver.cli import output
from edge_solver.config import resolve
from edge_solver.core.events import plain
from edge_solver.core.meter import EnergyLabel
from edge_solver.errors import ExitCode, ModelError
from edge_solver.wording import margin

if TYPE_CHECKING:
    from edge_solver.energy.choose import Finding

_QUALITY = {
    EnergyLabel.MEASURED_WALL: "measured at the wall",
    EnergyLabel.MEASURED_BATTERY: "measured at the battery",
    EnergyLabel.COUNTER: "counted by the hardware",
    EnergyLabel.ESTIMATED_CALIBRATED: "estimated from FLOPs, bytes and seconds, calibrated on this machine",
    EnergyLabel.ESTIMATED_DEFAULT: "estimated from FLOPs and seconds, uncalibrated: right within a factor of three",
    EnergyLabel.UNAVAILABLE: "no figure",
    EnergyLabel.STALE: "an old figure",
}
_HEADINGS = ("", "meter", "label", "scope")
_REFUSAL = ("meter", "reason", "remedy")


@click.command("energy")
@click.option("--calibrate", is_flag=True, help="Fit the estimate to this machine, against the best meter it has.")
@click.option("--model", metavar="NAME|PATH", help="The policy that it is for.  [default: builtin]")
@click.option("--prm", metavar="NAME|PATH", help="The reward model to score with meanwhile.  [default: builtin]")
@click.option("--threads", metavar="N", help="Threads that it is for.  [default: the physical cores]")
@click.option("--meter", metavar="NAME", help="Fit against this one instead of the best; wall:FILE is one, too.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(*, calibrate: bool, as_json: bool, **flags: object) -> int:
    """Say which energy meters work on this machine, why others do not, and how to enable them.

    --calibrate lets the model work under the best real meter, fits what a FLOP, a byte and an idle second take, and
    keeps the fit: where no meter works later, the estimate is then this machine's own, with its error. A fit holds for
    one device, build, model, number of threads and power source.

    \b
    edge-solver energy
    edge-solver energy --calibrate
    edge-solver energy --calibrate --meter wall:plug.txt
    """  # noqa: D301 - click wants the character itself, which keeps the lines apart
    settings = resolve(flags)
    if calibrate:
        from edge_solver.cli.calibrate import run

        return run(settings, as_json=as_json)
    from edge_solver.energy import survey
    from edge_solver.loading import tie_of_settings

    try:
        bound = tie_of_settings(settings)
    except ModelError:  # which meters work does not depend on it
        bound = None
    return _show(survey(tie=bound, wanted=settings.meter), as_json=as_json)


def _show(findings: tuple[Finding, ...], *, as_json: bool) -> int:
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
    error = "" if used.error is None else f", {margin(used.error)}"
    output.emit(f"{used.meter}: {_QUALITY[used.label]} ({used.label.value}{error}, {used.scope})")
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
