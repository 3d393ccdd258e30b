"""Counters that survive restarts."""
