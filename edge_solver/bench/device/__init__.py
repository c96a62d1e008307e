"""The benchmark of a device: how fast it runs a model, how near that is to its limits, and at what energy."""
