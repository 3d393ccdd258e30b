"""TCP connections, counted in the kernel by BPF programs at its changes of state."""
