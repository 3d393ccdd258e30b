"""The head of a request, parsed strictly: what no client should send is an error. Bodies are not read.

A line ends with CR LF, a name is a token, a value has no control characters, and nothing is repeated that may not be:
two programs that read such a head differently are how requests are smuggled past one of them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qs, unquote

END = b"\r\n\r\n"
MAX_HEAD = 32 * 1024
MAX_LINE = 8 * 1024
MAX_HEADERS = 100
MAX_PARAMETERS = 1000
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"})
VERSIONS = frozenset({"1.0", "1.1"})
# A target may have bytes above ASCII: curl sends UTF-8 as it is typed. Without a version it is HTTP/0.9.
START = re.compile(rb"([A-Z]+) ([!-~\x80-\xff]+)(?: HTTP/([0-9]\.[0-9]))?")
NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
ABSOLUTE = re.compile(r"https?://[^/?]*(?P<rest>.*)")
ONCE = frozenset({"host", "content-length", "transfer-encoding", "authorization"})


class MalformedRequestError(Exception):
    """The head is not one that this server answers otherwise than with this status."""

    def __init__(self, reason: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True, slots=True)
class Request:
    """A request without its body. `path` is decoded; the names of `headers` are in lower case."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    version: str

    def header(self, name: str) -> str:
        """Return the value of a header, several as one list; '' where there is none."""
        return self.headers.get(name, "")

    def parameter(self, name: str) -> str:
        """Return the first value of a parameter of the query; '' where there is none."""
        return self.query.get(name, ("",))[0]

    @property
    def has_body(self) -> bool:
        """Whether a body comes after the head."""
        return "transfer-encoding" in self.headers or self.header("content-length").strip("0") != ""

    @property
    def keeps_alive(self) -> bool:
        """Whether another request may follow. None follows a body, which is not read."""
        options = {option.strip() for option in self.header("connection").lower().split(",")}
        wanted = "close" not in options if self.version == "1.1" else "keep-alive" in options
        return wanted and not self.has_body


def take_head(received: bytearray) -> bytes | None:
    """Remove the first head from what was received; None while it is not complete. Raises MalformedRequestError."""
    while received.startswith(b"\r\n"):  # RFC 9112, section 2.2
        del received[:2]
    if received and not received[:1].isupper():
        raise MalformedRequestError("not a method")
    end = received.find(END, 0, MAX_HEAD)
    if end >= 0:
        head = bytes(received[:end])
        del received[: end + len(END)]
        return head
    if len(received) >= MAX_HEAD:
        raise MalformedRequestError("head too long")
    return None


def parse_head(head: bytes) -> Request:
    """Parse a head without its empty line. Raises MalformedRequestError."""
    start, *lines = head.split(b"\r\n")
    if len(lines) > MAX_HEADERS or max(map(len, (start, *lines))) > MAX_LINE:
        raise MalformedRequestError("too many headers, or one that is too long")
    match = START.fullmatch(start)
    if not match or (method := match[1].decode()) not in METHODS:
        raise MalformedRequestError("not a request line")
    version = (match[3] or b"0.9").decode()
    if version not in VERSIONS:
        raise MalformedRequestError("unknown version", HTTPStatus.HTTP_VERSION_NOT_SUPPORTED)
    path, query = _parse_target(match[2].decode("utf-8", "replace"))
    request = Request(method, path, query, _parse_headers(lines), version)
    _check(request)
    return request


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
        raise MalformedRequestError("too many parameters") from None


def _parse_headers(lines: list[bytes]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or not NAME.fullmatch(name) or CONTROL.search(value):
            raise MalformedRequestError("not a header")
        key, text = name.decode().lower(), value.strip(b" \t").decode("latin-1")
        if key in headers:
            if key in ONCE:
                raise MalformedRequestError("repeated header")
            text = f"{headers[key]}, {text}"
        headers[key] = text
    return headers


def _check(request: Request) -> None:
    """Raise MalformedRequestError unless the headers that say where a request ends and begins are clear."""
    headers = request.headers
    if "host" not in headers and request.version == "1.1":
        raise MalformedRequestError("host is missing")
    length, encoding = headers.get("content-length"), headers.get("transfer-encoding")
    if length is not None and not (length.isascii() and length.isdecimal()):
        raise MalformedRequestError("length is not a number")
    if encoding is not None and (length is not None or request.version == "1.0" or encoding.lower() != "chunked"):
        raise MalformedRequestError("length is not clear")
    if headers.get("expect", "100-continue").lower() != "100-continue":
        raise MalformedRequestError("unknown expectation", HTTPStatus.EXPECTATION_FAILED)
