"""What the kernel holds about the path between two containers: one visit of each network namespace, and attempts."""
