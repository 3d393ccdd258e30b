"""Edge: Observation -> exposition, one file per group of families."""
