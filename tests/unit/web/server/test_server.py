"""A real server: what it answers to whom."""

import gzip
import http.client
import socket
from collections.abc import Iterator
from importlib import resources

import pytest

from tests.support.web_running import OPENMETRICS, ROUTES, TEXT, Site, serving


@pytest.fixture
def site() -> Iterator[Site]:
    with serving(Site()) as running:
        yield running


def test_text_is_the_answer_to_who_asks_for_nothing(site: Site) -> None:
    answer = site.request()
    assert (answer.status, answer.body) == (200, b"text\n")
    assert answer.headers["Content-Type"] == TEXT
    assert answer.headers["Content-Encoding"] is None


def test_openmetrics_is_the_answer_to_who_asks_for_it(site: Site) -> None:
    answer = site.request(accept="application/openmetrics-text; version=1.0.0")
    assert (answer.status, answer.body) == (200, b"openmetrics\n")
    assert answer.headers["Content-Type"] == OPENMETRICS


def test_gzip_is_sent_when_asked_for(site: Site) -> None:
    answer = site.request(accept_encoding="gzip")
    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.body) == b"text\n"


def test_a_cache_is_told_what_the_answer_depends_on(site: Site) -> None:
    assert site.request().headers["Vary"] == "Accept, Accept-Encoding"


@pytest.mark.parametrize("path", ["/nothing", "/metrics/", "/metrics/x", "/static/", "/static/../server.py", "//"])
def test_what_is_not_there_is_not_found(site: Site, path: str) -> None:
    assert site.request(path=path).status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
@pytest.mark.parametrize("path", ROUTES)
def test_nothing_is_there_to_be_changed(site: Site, method: str, path: str) -> None:
    assert site.request(method, path).status == 405


@pytest.mark.parametrize("path", ROUTES)
def test_head_is_answered_without_a_body(site: Site, path: str) -> None:
    answer = site.request("HEAD", path)
    assert (answer.status, answer.body) == (200, b"")


@pytest.mark.parametrize("path", [*ROUTES, "/nothing"])
def test_a_browser_is_told_to_run_nothing(site: Site, path: str) -> None:
    headers = site.request(path=path).headers
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Server"] is None


def test_the_landing_page_is_html_and_has_its_style(site: Site) -> None:
    page = site.request(path="/")
    style = site.request(path="/static/style.css")
    assert (page.body, page.headers.get_content_type()) == (b"<p>hello</p>", "text/html")
    assert style.headers.get_content_type() == "text/css"
    assert style.body == resources.files("exporter.web").joinpath("static/style.css").read_bytes()


def test_readiness_says_what_is_awaited_and_health_does_not_care(site: Site) -> None:
    site.waiting_for = "the engine"
    assert site.request(path="/-/ready")[::2] == (503, b"waiting for the engine\n")
    assert site.request(path="/-/healthy")[::2] == (200, b"healthy\n")
    site.waiting_for = ""
    assert site.request(path="/-/ready")[::2] == (200, b"ready\n")


def test_a_head_of_a_request_that_is_too_large_is_refused_and_the_next_one_answered(site: Site) -> None:
    assert site.request(x_large="x" * 100_000).status == 431
    assert site.request().status == 200


def test_a_body_that_nobody_asked_for_does_no_harm(site: Site) -> None:
    """Whether it is refused or not read: the server goes on answering."""
    try:
        status = site.request("POST", body=b"x" * 10_000_000).status
    except (ConnectionError, http.client.HTTPException):
        status = 0
    assert status in (0, 405, 413)
    assert site.request(body=b"x" * 100).status == 200


@pytest.mark.parametrize(
    "noise", [b"\0\0\0\0\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\0"]
)
def test_noise_on_the_wire_does_no_harm(site: Site, noise: bytes) -> None:
    with socket.create_connection(("127.0.0.1", site.port), timeout=60) as connection:
        connection.sendall(noise)
        connection.shutdown(socket.SHUT_WR)
        assert not connection.recv(1000).startswith(b"HTTP/1.1 200")
    assert site.request().status == 200


def test_a_connection_is_kept_for_the_next_scrape(site: Site) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=60)
    for _ in range(2):
        connection.request("GET", "/metrics")
        connection.getresponse().read()
        kept = connection.sock
    assert connection.sock is kept is not None
    connection.close()


def test_the_metrics_are_where_the_operator_wants_them() -> None:
    with serving(Site(), "/internal/metrics") as site:
        assert site.request(path="/internal/metrics").body == b"text\n"
        assert site.request(path="/metrics").status == 404


def test_connections_are_those_of_the_container_of_the_query(site: Site) -> None:
    assert site.request(path="/api/v1/connections?container=web").body == b'"web"'
    assert site.request(path="/api/v1/connections").body == b'""'


def test_an_unknown_container_is_refused_in_one_line(site: Site) -> None:
    site.unknown = "nosuch"
    refused = site.request(path="/api/v1/connections?container=nosuch")
    assert (refused.status, refused.body) == (400, b"there is no container nosuch\n")


def test_what_is_to_be_explained_must_be_said(site: Site) -> None:
    assert site.request(path="/api/v1/explain?what=udp%2F53").body == b'"udp/53"'
    refused = site.request(path="/api/v1/explain")
    assert (refused.status, refused.body.count(b"\n")) == (400, 1)


def test_it_is_unhealthy_while_no_observation_ends(site: Site) -> None:
    site.stalled = True
    assert site.request(path="/-/healthy")[::2] == (503, b"no observation has ended for a minute\n")
    site.stalled = False
    assert site.request(path="/-/healthy")[::2] == (200, b"healthy\n")
