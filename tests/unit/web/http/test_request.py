import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.web.http.request import (
    MAX_HEAD,
    MAX_HEADERS,
    MAX_LINE,
    MalformedRequestError,
    Request,
    parse_head,
    take_head,
)
from tests.support.web_malformed import REQUESTS


def head(start: str = "GET / HTTP/1.1", *headers: str) -> bytes:
    return "\r\n".join((start, "Host: x", *headers)).encode()


def test_a_request_of_prometheus() -> None:
    request = parse_head(
        b"GET /metrics?a=1&a=2&b= HTTP/1.1\r\nHost: web1:9714\r\nUser-Agent: Prometheus/2.42.0\r\n"
        b"Accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.5\r\nAccept-Encoding: gzip"
    )
    headers = {
        "host": "web1:9714",
        "user-agent": "Prometheus/2.42.0",
        "accept": "application/openmetrics-text;version=1.0.0,text/plain;q=0.5",
        "accept-encoding": "gzip",
    }
    assert request == Request("GET", "/metrics", {"a": ["1", "2"], "b": [""]}, headers, "1.1")
    assert (request.parameter("a"), request.parameter("b"), request.parameter("c")) == ("1", "", "")
    assert request.keeps_alive
    assert not request.has_body


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/a%20b", "/a b"),
        ("/%6Detrics", "/metrics"),
        ("/%zz", "/%zz"),
        ("/caf\u00e9", "/caf\u00e9"),
        ("http://exporter:9714/metrics", "/metrics"),
        ("http://exporter:9714", "/"),
        ("http://exporter?x=1", "/"),
        ("*", "*"),
        ("/static/../secret", "/static/../secret"),
        ("//", "//"),
    ],
)
def test_a_path_is_decoded_and_not_resolved(target: str, path: str) -> None:
    assert parse_head(head(f"GET {target} HTTP/1.1")).path == path


def test_values_of_a_repeated_header_are_one_list() -> None:
    request = parse_head(head("GET / HTTP/1.1", "Accept: a/b", "X:  y\t", "accept:c/d"))
    assert (request.header("accept"), request.header("x"), request.header("none")) == ("a/b, c/d", "y", "")


@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        (["GET / HTTP/1.1"], True),
        (["GET / HTTP/1.1", "Connection: Close"], False),
        (["GET / HTTP/1.1", "Connection: upgrade, close"], False),
        (["GET / HTTP/1.0"], False),
        (["GET / HTTP/1.0", "Connection: Keep-Alive"], True),
        (["POST / HTTP/1.1", "Content-Length: 0"], True),
        (["POST / HTTP/1.1", "Content-Length: 10"], False),
        (["POST / HTTP/1.1", "Transfer-Encoding: chunked"], False),
    ],
)
def test_a_connection_is_kept_as_both_sides_may_expect(lines: list[str], kept: bool) -> None:  # noqa: FBT001  a column
    assert parse_head(head(*lines)).keeps_alive == kept


@pytest.mark.parametrize(
    "headers",
    [
        ["Host: y"],
        ["Authorization: a", "authorization: b"],
        ["Content-Length: 1", "Content-Length: 1"],
        ["Content-Length: 1, 1"],
        ["Content-Length: +1"],
        ["Content-Length: \u00b2"],
        ["Content-Length:"],
        ["Transfer-Encoding: gzip"],
        ["Transfer-Encoding: chunked, chunked"],
        ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"],
        ["Transfer-Encoding: chunked", "Content-Length: 1"],
        [" folded"],
        ["A : b"],
        [": b"],
        ["no colon"],
        ["A: b\nC: d"],
        ["A: b\rC: d"],
        ["A: b\0"],
    ],
)
def test_what_two_programs_might_read_differently_is_an_error(headers: list[str]) -> None:
    with pytest.raises(MalformedRequestError):
        parse_head(head("GET / HTTP/1.1", *headers))


def test_the_length_of_a_head_is_limited() -> None:
    with pytest.raises(MalformedRequestError):
        parse_head(head("GET / HTTP/1.1", "A: " + "b" * MAX_LINE))
    with pytest.raises(MalformedRequestError):
        parse_head(head("GET / HTTP/1.1", *["A: b"] * MAX_HEADERS))
    with pytest.raises(MalformedRequestError):
        take_head(bytearray(b"GET /" + b"x" * MAX_HEAD))


def test_heads_are_taken_one_after_another_whatever_the_pieces() -> None:
    received = bytearray(b"\r\n\r\nGET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b")
    assert take_head(received) == b"GET /a HTTP/1.1\r\nHost: x"
    assert take_head(received) is None
    received += b" HTTP/1.1\r\n\r"
    assert take_head(received) is None
    received += b"\n"
    assert take_head(received) == b"GET /b HTTP/1.1"
    assert received == b""


def test_what_is_not_http_is_an_error_at_its_first_byte() -> None:
    with pytest.raises(MalformedRequestError):
        take_head(bytearray(b"\x16"))


@given(received=st.one_of(REQUESTS, st.binary(max_size=300)))
def test_whatever_is_received_is_a_request_an_error_or_not_complete(received: bytes) -> None:
    buffer = bytearray(received)
    try:
        while (found := take_head(buffer)) is not None:
            request = parse_head(found)
            assert request.version in ("1.0", "1.1")
            assert "host" in request.headers or request.version == "1.0"
    except MalformedRequestError as error:
        assert error.status in (400, 417, 505)  # noqa: PT017  any of them
