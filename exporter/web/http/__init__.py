"""HTTP/1.1 as values (RFC 9112): the head of a request, and the bytes of an answer."""
