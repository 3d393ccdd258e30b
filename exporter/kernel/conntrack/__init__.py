"""The connection tracking table."""
