"""One widget a module; none of them knows the engine."""
