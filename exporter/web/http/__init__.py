"""Requests and answers as values; h11 parses and writes HTTP/1.1."""
