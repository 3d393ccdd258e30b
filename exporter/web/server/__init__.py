"""The HTTP server: sockets, TLS handshakes, limits, authorisation."""
