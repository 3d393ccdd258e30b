"""Answers."""

from collections.abc import AsyncGenerator, Mapping
from http import HTTPStatus

from msgspec import Struct, field

PLAIN = "text/plain; charset=utf-8"


class Response(Struct, frozen=True):
    """An answer as a whole."""

    body: bytes
    status: int = HTTPStatus.OK
    content_type: str = PLAIN
    headers: Mapping[str, str] = field(default_factory=dict)


class Stream(Struct, frozen=True):
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
