"""The host's network devices: links, counters, addresses, routes, FDB."""
