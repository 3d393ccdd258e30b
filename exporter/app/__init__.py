"""The process: start, wire the parts together, serve, log."""
