"""Walking packets through rules: what matches, what decides, and what is unknown on the way."""
