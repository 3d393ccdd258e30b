"""Ports: holders, failed binds, and published ports without a server."""
