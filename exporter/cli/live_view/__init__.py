"""The live view of `top`: its state, its rates and what it prints."""
