"""One file for each dashboard: what it asks, in the order in which an operator reads it."""
