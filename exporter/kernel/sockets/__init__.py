"""Listening sockets and the processes that hold them."""
