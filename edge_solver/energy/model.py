"""Energy from what was computed, read and how long it took: ``a·FLOPs + b·bytes + P_idle·seconds``.

With rates that were fitted on this machine (``energy.calibration``) it is ``estimated-calibrated`` and says its error.
With the built-in ones it is the meter of last resort: it works everywhere and knows nothing of the machine, so its
label is ``estimated-default`` and its figures are for orientation: expect a factor of three either way. It needs no
state: energy follows from the activity alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge_solver.core.meter import Activity, EnergyLabel, Rates, Reading

# Constants of a generic laptop, for the processor package alone; never fitted to a device. They are derived from two
# published sets of figures for laptops of the 28 W class. A Core Ultra 7 265H draws 3.85 W idle and 21.35 W under load
# in its package, so 17.5 W come with the work (CodeCarbon, docs/explanation/rapl.md). A Ryzen AI 5 340 decodes a model
# of 3.2e9 weights at 23.8 and one of 14.8e9 at 5.8 tokens/s, which at two FLOPs per weight is 152 and 172 GFLOP/s
# (geerlingguy/ai-benchmarks, Framework 13, llama.cpp on the CPU). 17.5 W over 160e9 FLOP/s is 1.1e-10 J/FLOP.
# Cross-check: that gives 0.86 J/token for the smaller model, against at most 2.1 J at the wall for the whole computer
# in the same source. Decoding there waits for memory; a model of a few megabytes stays in the cache and differs.
# What reading memory costs is in that figure, for it comes from decoding one branch: wide calls are overrated by it.
DEFAULT = Rates(joules_per_flop=1.1e-10, joules_per_byte=0.0, idle_watts=3.85)


@dataclass(frozen=True, slots=True)
class EstimatedMeter:
    """Estimates energy from the activity."""

    rates: Rates = DEFAULT
    label: EnergyLabel = EnergyLabel.ESTIMATED_DEFAULT
    scope: str = "cpu package"
    error: float | None = None
    """How far off it may be, as a share; ``None`` where that was never tested."""

    def read(self, activity: Activity) -> Reading:
        """Return the estimate for everything done so far."""
        return Reading(self.rates.joules(activity), self.label, self.scope, error=self.error)
