"""Answers, and the bytes of their heads."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus

PLAIN = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Response:
    """An answer as a whole."""

    body: bytes
    status: int = HTTPStatus.OK
    content_type: str = PLAIN
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stream:
    """An answer in pieces that are sent as they come."""

    pieces: AsyncGenerator[bytes, None]
    content_type: str
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = HTTPStatus.OK


def text(
    body: str, status: int = HTTPStatus.OK, content_type: str = PLAIN, headers: Mapping[str, str] | None = None
) -> Response:
    """Return an answer of text, as UTF-8."""
    return Response(body.encode(), status, content_type, headers or {})


def write_head(status: int, headers: Mapping[str, str]) -> bytes:
    """Write a status line and headers. Raises ValueError for a value that would be more than one line."""
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    if lines.count("\n") != len(headers) or lines.count("\r") != len(headers):
        raise ValueError("a header has a line break")
    start = f"HTTP/1.1 {int(status)} {HTTPStatus(status).phrase}\r\nDate: {formatdate(usegmt=True)}\r\n"
    return f"{start}{lines}\r\n".encode()
