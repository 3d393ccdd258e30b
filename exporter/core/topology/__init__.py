"""Inventory and kernel devices joined, and what follows from the join alone."""
