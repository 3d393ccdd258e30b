"""Planted outages and ordinary habits on private Docker hosts, with real connections as the truth: docs/truth.md."""
