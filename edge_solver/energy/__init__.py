"""Energy meters: one file per way to read energy, and the choice of the best one that works here.

A meter returns a number with its label and scope, or no number; it never returns 0 in the place of one, and no figure
mixes two sources. The ``Meter`` protocol and the labels are in ``edge_solver.core.meter``.
"""

from __future__ import annotations

from edge_solver.energy.choose import Choice, Finding, Machine, choose_meter, open_real, survey
from edge_solver.energy.model import EstimatedMeter
from edge_solver.energy.powercap import PowercapMeter

__all__ = ["Choice", "EstimatedMeter", "Finding", "Machine", "PowercapMeter", "choose_meter", "open_real", "survey"]
