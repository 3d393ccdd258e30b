import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.web.http.request import MAX_HEADERS, MAX_PARAMETERS, RefusedRequestError, Request, parse_request
from tests.support.web_malformed import REQUESTS


def parsed(start: str = "GET / HTTP/1.1", *headers: str) -> Request:
    return first_request("\r\n".join((start, "Host: x", *headers, "", "")).encode())


def first_request(received: bytes) -> Request:
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(received)
    event = connection.next_event()
    assert isinstance(event, h11.Request)
    return parse_request(event)


def test_a_request_of_prometheus() -> None:
    request = first_request(
        b"GET /metrics?a=1&a=2&b= HTTP/1.1\r\nHost: web1:9714\r\nUser-Agent: Prometheus/2.42.0\r\n"
        b"Accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.5\r\nAccept-Encoding: gzip\r\n\r\n"
    )
    headers = {
        "host": "web1:9714",
        "user-agent": "Prometheus/2.42.0",
        "accept": "application/openmetrics-text;version=1.0.0,text/plain;q=0.5",
        "accept-encoding": "gzip",
    }
    assert request == Request("GET", "/metrics", {"a": ["1", "2"], "b": [""]}, headers)
    assert (request.parameter("a"), request.parameter("b"), request.parameter("c")) == ("1", "", "")


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/a%20b", "/a b"),
        ("/%6Detrics", "/metrics"),
        ("/caf%C3%A9", "/caf\u00e9"),
        ("/%zz", "/%zz"),
        ("http://exporter:9714/metrics", "/metrics"),
        ("http://exporter:9714", "/"),
        ("http://exporter?x=1", "/"),
        ("*", "*"),
        ("/static/../secret", "/static/../secret"),
        ("//", "//"),
    ],
)
def test_a_path_is_decoded_and_not_resolved(target: str, path: str) -> None:
    assert parsed(f"GET {target} HTTP/1.1").path == path


def test_values_of_a_repeated_header_are_one_list() -> None:
    request = parsed("GET / HTTP/1.1", "Accept: a/b", "X:  y\t", "accept:c/d")
    assert (request.header("accept"), request.header("x"), request.header("none")) == ("a/b, c/d", "y", "")


@pytest.mark.parametrize(
    ("start", "headers", "status"),
    [
        ("GET / HTTP/2.0", (), 505),
        ("GET / HTTP/0.9", (), 505),
        ("GET / HTTP/1.1", ("Expect: miracles",), 417),
        ("GET / HTTP/1.1", ("Content-Length: 1", "Transfer-Encoding: chunked"), 400),
        ("GET / HTTP/1.1", ("A: b",) * MAX_HEADERS, 431),
        ("GET /?" + "&".join("a" * (MAX_PARAMETERS + 1)) + " HTTP/1.1", (), 400),
    ],
)
def test_what_this_server_does_not_take_has_a_status(start: str, headers: tuple[str, ...], status: int) -> None:
    with pytest.raises(RefusedRequestError) as refused:
        parsed(start, *headers)
    assert refused.value.status == status


@given(received=st.one_of(REQUESTS, st.binary(max_size=300)))
def test_whatever_h11_takes_is_a_request_or_refused(received: bytes) -> None:
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(received)
    try:
        event = connection.next_event()
        request = parse_request(event) if isinstance(event, h11.Request) else None
        assert request is None or all(name == name.lower() for name in request.headers)
    except RefusedRequestError as error:
        assert error.status in (400, 417, 431, 505)  # noqa: PT017  any of them
    except h11.RemoteProtocolError as error:
        assert error.error_status_hint in (400, 431, 501)  # noqa: PT017  any of them
