"""Network namespaces: identified, entered, read."""
