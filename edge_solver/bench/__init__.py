"""Measuring: what the engine and its strategies make of this machine."""
