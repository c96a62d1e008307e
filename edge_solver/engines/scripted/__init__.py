"""A simulated policy, reward model and clock: a small deterministic world in which search visibly helps.

The policy works through arithmetic one operation a step and errs now and then; the reward model re-computes each step
and sees the error through noise. Nothing is loaded and nothing is random beyond the seeds, so the same seed gives the
same tree on every machine. The engines keep the ports' contracts to the letter: the ledger is asked before every
simulated call, and the price of a call is the true price of a (very small) transformer.
"""

from edge_solver.engines.scripted.drafter import ScriptedDrafter
from edge_solver.engines.scripted.grader import ScriptedGrader
from edge_solver.engines.scripted.scorer import ScriptedScorer
from edge_solver.engines.scripted.world import POLICY_SHAPE, PRM_SHAPE, CallClock, ScriptedClock, World

__all__ = [
    "POLICY_SHAPE",
    "PRM_SHAPE",
    "CallClock",
    "ScriptedClock",
    "ScriptedDrafter",
    "ScriptedGrader",
    "ScriptedScorer",
    "World",
]
