"""Situations between a container and what it connects to, with real connections as the truth of `explain A B`."""
