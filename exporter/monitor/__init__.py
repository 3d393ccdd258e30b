"""The latest inventory and one observation of the host on request."""
