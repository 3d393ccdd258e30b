"""Ports: who holds them, who wanted them, and what was published for nothing."""
