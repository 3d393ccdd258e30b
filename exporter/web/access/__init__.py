"""Access: TLS, authentication, rate limits and host names, from the file of --web.config.file."""
