"""Connections between containers, the host and the outside: attribution, sums that never decrease, bounds."""
