"""Try it from inside a container's namespace: resolve, connect, one echo. Sends packets; for the command line alone."""
