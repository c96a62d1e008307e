"""The meter of last resort: an estimate from what was computed and how long it took, ``a·FLOPs + P_idle·seconds``.

It works everywhere and knows nothing of the machine it runs on, so its label is ``estimated-default`` and its figures
are for orientation: expect a factor of three either way. It needs no state: energy follows from the activity alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge_solver.core.meter import Activity, EnergyLabel, Reading

# Constants of a generic laptop, for the processor package alone; never fitted to a device. They are derived from two
# published sets of figures for laptops of the 28 W class. A Core Ultra 7 265H draws 3.85 W idle and 21.35 W under load
# in its package, so 17.5 W come with the work (CodeCarbon, docs/explanation/rapl.md). A Ryzen AI 5 340 decodes a model
# of 3.2e9 weights at 23.8 and one of 14.8e9 at 5.8 tokens/s, which at two FLOPs per weight is 152 and 172 GFLOP/s
# (geerlingguy/ai-benchmarks, Framework 13, llama.cpp on the CPU). 17.5 W over 160e9 FLOP/s is 1.1e-10 J/FLOP.
# Cross-check: that gives 0.86 J/token for the smaller model, against at most 2.1 J at the wall for the whole computer
# in the same source. Decoding there waits for memory; a model of a few megabytes stays in the cache and differs.
JOULES_PER_FLOP = 1.1e-10
IDLE_WATTS = 3.85


@dataclass(frozen=True, slots=True)
class EstimatedMeter:
    """Estimates energy from the activity."""

    joules_per_flop: float = JOULES_PER_FLOP
    idle_watts: float = IDLE_WATTS
    label: EnergyLabel = EnergyLabel.ESTIMATED_DEFAULT
    scope: str = "cpu package"

    def read(self, activity: Activity) -> Reading:
        """Return the estimate for everything done so far."""
        joules = self.joules_per_flop * activity.flops + self.idle_watts * activity.seconds
        return Reading(joules, self.label, self.scope)
