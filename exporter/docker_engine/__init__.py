"""Edge: Engine API -> core values. Read only: a handful of GETs."""
