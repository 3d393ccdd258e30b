"""Families of many series as bytes with a place for each value."""
