"""Answers."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
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
