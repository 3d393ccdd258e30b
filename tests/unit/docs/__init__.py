"""Documents whose statements name their tests."""
