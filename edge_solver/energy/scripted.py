"""A meter of known truth: every executed FLOP uses the same energy. It serves tests, the docs and demonstrations."""

from __future__ import annotations

from edge_solver.core.meter import Activity, EnergyLabel, Reading


class ScriptedMeter:
    """Reads energy that is proportional to the work done."""

    def __init__(self, joules_per_flop: float = 1e-9, label: EnergyLabel = EnergyLabel.COUNTER) -> None:
        """Set the truth that the meter will tell, and the label under which it does."""
        self.joules_per_flop = joules_per_flop
        self._label = label

    def read(self, activity: Activity) -> Reading:
        """Return the energy of what the program did."""
        return Reading(activity.flops * self.joules_per_flop, self._label, "simulated machine")
