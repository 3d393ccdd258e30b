"""Which address a container gets for a name: its files, and the DNS server of the engine."""
