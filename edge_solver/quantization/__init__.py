"""From a checkpoint folder to a file that the engines run: GGUF for policies, ONNX for process reward models.

Weights go from file to file a few rows at a time, so that memory does not grow with the model. What a conversion
costs in quality is measured elsewhere (``edge_solver.bench.loss``).
"""
