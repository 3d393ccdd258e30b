"""Edge: Linux -> core values, one file per kernel interface; `read_` does I/O, `parse_` decides."""
