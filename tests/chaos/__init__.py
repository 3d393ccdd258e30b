"""The exporter while things break around it."""
