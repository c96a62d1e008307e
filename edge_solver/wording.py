"""Words and signs that every surface uses alike: the command line, the terminal app, exports.

Pure functions from values to text without colours. Text that came from a model or a file is shown without its control
characters, so that it cannot move the cursor or colour the screen.
"""

from __future__ import annotations

import unicodedata

from edge_solver.core.meter import EnergyLabel
from edge_solver.core.solution import Energy
from edge_solver.quantities import Kind, show

NO_JOULES = "—"
"""Where there is no figure."""


def clean(text: str) -> str:
    """Return text on one line, without anything that a terminal would act upon."""
    return "".join(c if unicodedata.category(c)[0] != "C" else "�" for c in " ".join(text.split()))


def joules(energy: Energy, *, is_scoped: bool = False) -> str:
    """Write an energy figure so that its quality shows: measured, counted, estimated, estimated blindly, or none.

    A counter's figure names what it covers where there is room for it.
    """
    if energy.value is None or energy.label in (EnergyLabel.UNAVAILABLE.value, EnergyLabel.STALE.value):
        return NO_JOULES
    figure = show(energy.value, Kind.JOULES)
    match energy.label:
        case EnergyLabel.ESTIMATED_CALIBRATED.value:
            return f"≈{figure}" + ("" if energy.error is None else f" {margin(energy.error)}")
        case EnergyLabel.ESTIMATED_DEFAULT.value:
            return f"≈{figure} (uncalibrated)"
        case EnergyLabel.COUNTER.value if is_scoped and energy.scope:
            return f"{figure} ({clean(energy.scope)})"
        case _:
            return figure


def margin(error: float) -> str:
    """Write how far off an estimate may be; never as nothing."""
    return f"±{max(1, round(100 * error))} %"
