"""The terminal app: renders events and decides nothing."""
