"""What no client should send: it is refused or ignored, without a word in the log, and the next request is answered."""

import asyncio
import errno
import gc
import os
import re
import socket

import pytest
from hypothesis import HealthCheck, given, settings
from structlog.testing import LogCapture

from exporter.web.server.middleware import HEADERS
from tests.support.waiting import until
from tests.support.web_clients import read_all
from tests.support.web_malformed import REQUESTS
from tests.support.web_running import Site, serving

STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) ")
NOT_IMPLEMENTED = (501, 505)  # transfer codings and versions


def test_whatever_is_sent_is_answered_below_500_or_not_at_all(log: LogCapture) -> None:
    with serving(Site()) as site:

        @settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
        @given(request=REQUESTS)
        def check(request: bytes) -> None:
            with socket.create_connection(("127.0.0.1", site.port), timeout=60) as client:
                client.sendall(request)
                client.shutdown(socket.SHUT_WR)
                answer = read_all(client)
            assert not answer or STATUS.match(answer), answer
            assert all(int(s) < 500 or int(s) in NOT_IMPLEMENTED for s in STATUS.findall(answer)), answer
            assert site.request().body == b"text\n"

        check()
    assert [entry for entry in log.entries if entry["log_level"] != "debug"] == []


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/9.9\r\nHost: x\r\n\r\n", 505),
        (b"GET / HTTP/1.2\r\nHost: x\r\n\r\n", 505),
        (b"GET /\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\n\r\n", 505),
        (b"GET / HTTP/0.9\r\nExpect: 100-continue\r\n\r\n", 505),
        (b"\0\0\0\0\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA\0: b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 70_000 + b"\r\n\r\n", 431),
        (b"GET /" + b"y" * 70_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 200 + b"\r\n", 431),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        (b"GET / HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\n\r\n", 417),
        (b"HEAD / HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\n\r\n", 417),
        (b"HEAD / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"HEAD / HTTP/1.0\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"BREW /metrics HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        (b"CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n", 404),
        (b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 404),
    ],
)
def test_a_malformed_request_has_its_own_answer(log: LogCapture, request_: bytes, status: int) -> None:
    with serving(Site()) as site, socket.create_connection(("127.0.0.1", site.port), timeout=60) as client:
        client.sendall(request_)
        client.shutdown(socket.SHUT_WR)
        answer = read_all(client)
    start = STATUS.match(answer)
    assert start
    assert int(start[1]) == status
    names = {line.partition(b":")[0].decode() for line in answer.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]}
    assert {*HEADERS} <= names
    assert "Server" not in names
    assert {entry["log_level"] for entry in log.entries} <= {"debug"}


def test_a_client_that_is_gone_when_it_is_refused_is_not_in_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It was a traceback of asyncio's for each, in whatever format the log is."""

    def gone(_: object) -> None:
        raise OSError(errno.ENOTCONN, os.strerror(errno.ENOTCONN))

    monkeypatch.setattr(asyncio.selector_events._SelectorSocketTransport, "write_eof", gone)  # type: ignore[attr-defined]
    with serving(Site()) as site:
        with socket.create_connection(("127.0.0.1", site.port), timeout=60) as client:
            client.sendall(b"\0\r\n\r\n")
            assert STATUS.match(read_all(client))
        until(lambda: site.open_connections() == 0, 60, "no connection")
    gc.collect()
    assert [record for record in caplog.records if record.name == "asyncio" and record.levelname == "ERROR"] == []
