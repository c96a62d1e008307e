"""Reading an answer out of text, saying when two answers are the same, and refuting arithmetic that is false.

Importing this package loads neither SymPy nor Math-Verify: they live in a worker process that is started only for
questions that exact arithmetic and structure leave open.
"""

from __future__ import annotations

from edge_solver.answers.claims import is_refuted
from edge_solver.answers.extract import compile_pattern, extract_answer
from edge_solver.answers.grader import GraderStats, MathGrader, same_answer

__all__ = ["GraderStats", "MathGrader", "compile_pattern", "extract_answer", "is_refuted", "same_answer"]
