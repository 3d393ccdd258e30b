"""The parts of a path, each a function that yields its steps."""
