"""The path to a published port, step by step."""
