"""The page at /: HTML and SVG by pure functions. Everything that comes from outside is escaped where it is written."""
