"""Campaigns of the property tests."""
