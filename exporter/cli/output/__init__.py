"""Edge: an observation -> tables for people, JSON for programs."""
