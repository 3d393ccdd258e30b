"""A request as the server's routes see it, made of what h11 has parsed. Bodies are not read."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import parse_qs, unquote

import h11
from msgspec import Struct

MAX_HEADERS = 100
MAX_PARAMETERS = 1000
VERSIONS = frozenset({b"1.0", b"1.1"})
ABSOLUTE = re.compile(r"https?://[^/?]*(?P<rest>.*)")


class RefusedRequestError(Exception):
    """A well-formed request that this server answers with this status, whatever its path."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


class Request(Struct, frozen=True):
    """A request without its body. `path` is decoded; the names of `headers` are in lower case."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]

    def header(self, name: str) -> str:
        """Return the value of a header, several as one list; '' where there is none."""
        return self.headers.get(name, "")

    def parameter(self, name: str) -> str:
        """Return the first value of a parameter of the query; '' where there is none."""
        return self.query.get(name, ("",))[0]


def parse_request(event: h11.Request) -> Request:
    """Decode a request. Raises RefusedRequestError."""
    if event.http_version not in VERSIONS:
        raise RefusedRequestError(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED)
    if len(event.headers) > MAX_HEADERS:
        raise RefusedRequestError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
    headers: dict[str, str] = {}
    for raw_name, raw_value in event.headers:
        name, value = raw_name.decode(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    if headers.get("expect", "100-continue").lower() != "100-continue":
        raise RefusedRequestError(HTTPStatus.EXPECTATION_FAILED)
    if "content-length" in headers and "transfer-encoding" in headers:  # RFC 9112, section 6.3: the end is not clear
        raise RefusedRequestError(HTTPStatus.BAD_REQUEST)
    path, query = _parse_target(event.target.decode())
    return Request(event.method.decode(), path, query, headers)


def _parse_target(target: str) -> tuple[str, Mapping[str, list[str]]]:
    if absolute := ABSOLUTE.fullmatch(target):
        target = absolute["rest"]
        target = target if target.startswith("/") else f"/{target}"
    path, _, query = target.partition("?")
    if not query:
        return unquote(path), {}
    try:
        return unquote(path), parse_qs(query, keep_blank_values=True, max_num_fields=MAX_PARAMETERS)
    except ValueError:
        raise RefusedRequestError(HTTPStatus.BAD_REQUEST) from None
