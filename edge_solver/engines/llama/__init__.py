"""All that touches llama.cpp: load a GGUF, cut text into tokens, evaluate rows of a batch.

It wraps the ctypes layer of llama-cpp-python, translates its failures into ours and knows nothing of trees, steps or
budgets.
"""

from edge_solver.engines.llama.build import build_facts
from edge_solver.engines.llama.context import LlamaContext
from edge_solver.engines.llama.model import LlamaModel, default_threads

__all__ = ["LlamaContext", "LlamaModel", "build_facts", "default_threads"]
