"""An observation as people read it: rows for the page and the terminal."""
