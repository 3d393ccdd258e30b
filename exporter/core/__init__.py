"""The pure core: values and functions of them; no I/O, clock, logging or environment."""
