"""Clients that are slow or send too much: how long the server waits for them."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from tests.support.waiting import until
from tests.support.web_clients import HALF_A_HEAD, LARGE, WHOLE_HEAD, crowd, is_closed, read_all
from tests.support.web_running import PATIENT, Site, serving


@pytest.fixture
def site() -> Iterator[Site]:
    with serving(Site(), limits=PATIENT) as running:
        yield running


def closed_since(began: float, client: socket.socket) -> float:
    """How many seconds after a moment before its time began the server ended a connection."""
    until(lambda: is_closed(client), 60, "a connection that is closed")
    return time.monotonic() - began


@pytest.mark.parametrize("said", [b"", b"GET", HALF_A_HEAD, b"GET / HTTP/1.1\r\n"])
def test_a_head_must_come_in_time(said: bytes) -> None:
    began = time.monotonic()
    with serving(Site(), limits=replace(PATIENT, head=0.2)) as site, crowd(site.port, 1, sending=said) as [client]:
        assert closed_since(began, client) > 0.15


def test_dripping_does_not_gain_time() -> None:
    began = time.monotonic()
    limits = replace(PATIENT, head=0.3)
    with serving(Site(), limits=limits) as site, crowd(site.port, 1, sending=HALF_A_HEAD) as [client]:

        def drips_until_closed() -> bool:
            try:
                client.settimeout(60)
                client.sendall(b"x")
            except ConnectionError:
                return True
            return is_closed(client)

        until(drips_until_closed, 60, "a dripping connection that is closed")
        assert time.monotonic() - began > 0.25


def test_a_second_head_must_come_in_time_too() -> None:
    limits = replace(PATIENT, head=0.5)
    with serving(Site(), limits=limits) as site, crowd(site.port, 1, sending=WHOLE_HEAD) as [client]:
        assert client.recv(10_000).endswith(b"text\n")
        began = time.monotonic()
        client.sendall(HALF_A_HEAD)
        assert closed_since(began, client) > 0.4


def test_an_idle_connection_is_kept_for_a_while() -> None:
    began = time.monotonic()
    limits = replace(PATIENT, idle=0.4)
    with serving(Site(), limits=limits) as site, crowd(site.port, 1, sending=WHOLE_HEAD) as [client]:
        assert client.recv(10_000).endswith(b"text\n")
        assert closed_since(began, client) > 0.35


def test_an_answer_must_be_taken_in_time() -> None:
    began = time.monotonic()
    large, limits = Site(scrape=lambda _: LARGE), replace(PATIENT, read=0.3)
    with serving(large, limits=limits) as site, crowd(site.port, 1, sending=WHOLE_HEAD) as [client]:
        assert client.recv(12) == b"HTTP/1.1 200"
        until(lambda: site.open_connections() == 0, 60, "an answer that is given up")
        assert time.monotonic() - began > 0.2
        assert len(read_all(client)) < len(LARGE)


def test_who_takes_its_answer_slowly_gets_all_of_it(site: Site) -> None:
    site.scrape = lambda _: LARGE
    with crowd(site.port, 1, sending=WHOLE_HEAD.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")) as [client]:
        assert read_all(client).endswith(LARGE)


def test_nobody_may_send_more_than_a_request_takes(site: Site) -> None:
    with crowd(site.port, 1, sending=b"GET /metrics HTTP/1.1\r\n") as [client]:

        def sends_on() -> bool:
            try:
                client.sendall(b"X-Large: " + b"x" * 7000 + b"\r\n")
            except ConnectionError:
                return True
            return False

        until(sends_on, 60, "a connection that is ended for what it sends")
    assert site.request().status == 200


def test_requests_that_wait_for_their_turn_count_as_received(site: Site) -> None:
    """With each answer comes as much as one request may have: what is not answered yet must not grow."""
    many = WHOLE_HEAD * (60_000 // len(WHOLE_HEAD))
    with crowd(site.port, 1, sending=many) as [client]:

        def sends_on() -> bool:
            try:
                received = client.recv(4096)
                client.sendall(many if b"text\n" in received else b"")
            except ConnectionError:
                return True
            return not received

        assert any(sends_on() for _ in range(50))


def test_a_body_is_not_read_for_ever(site: Site) -> None:
    head = b"POST /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    with crowd(site.port, 1, sending=head) as [client]:

        def sends_on() -> bool:
            try:
                client.sendall(b"1000\r\n" + b"x" * 0x1000 + b"\r\n")
            except ConnectionError:
                return True
            return False

        until(sends_on, 60, "a connection that is ended for what it sends")
    assert site.request().status == 200


def test_who_sends_on_while_its_answer_is_made_is_ended(site: Site) -> None:
    release = threading.Event()
    site.scrape = lambda _: b"late\n" if release.wait(60) else b"never\n"
    head = b"GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n"
    with crowd(site.port, 1, sending=head) as [client]:
        with pytest.raises(ConnectionError):
            client.sendall(b"x" * 9_999_999)
        release.set()


def test_who_has_said_that_it_sends_no_more_is_answered(site: Site) -> None:
    """As `printf … | nc` does."""
    site.scrape = lambda _: LARGE
    with crowd(site.port, 1, sending=b"GET /metrics HTTP/1.0\r\n\r\n") as [client]:
        client.shutdown(socket.SHUT_WR)
        assert read_all(client).endswith(LARGE)


def test_half_a_head_and_the_end_of_it_is_closed_soon() -> None:
    limits = replace(PATIENT, half_closed=0.2)
    with serving(Site(), limits=limits) as site, crowd(site.port, 1, sending=HALF_A_HEAD) as [client]:
        client.shutdown(socket.SHUT_WR)
        until(lambda: is_closed(client), 60, "a connection that is closed")
