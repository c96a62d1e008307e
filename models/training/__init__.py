"""How the built-in models are made: problems, tokenizer, policy, reward model, exports and their evaluation.

Nothing here is imported by the `edge_solver` package or shipped in its wheel. Run the commands from the `models/`
folder (`python -m training.<name>`); README.md lists them in order.
"""
