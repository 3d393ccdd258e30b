"""NAT rules and tracked connections, read together."""
