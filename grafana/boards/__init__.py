"""One file for each dashboard: its panels, in the order in which an operator reads them."""
