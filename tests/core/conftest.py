"""Property tests draw the same cases every time, few enough to stay quick, and a busy machine fails none of them."""

from hypothesis import settings

settings.register_profile("edge-solver", max_examples=40, deadline=None, derandomize=True)
settings.load_profile("edge-solver")
