"""HTTP over a Unix socket: when a connection is used again, and how an answer ends."""

import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from exporter.docker_engine.budget import Budget
from exporter.docker_engine.host import socket_path
from exporter.docker_engine.unix_transport import UnixTransport

HEAD = b"HTTP/1.1 200 OK\r\n"
WHOLE = HEAD + b"Content-Length: 2\r\n\r\n{}"


class Engine:
    """Answers each request of a connection with the next of these, b'' for none; then it closes the connection."""

    def __init__(self, path: Path, connections: list[list[bytes]]) -> None:
        self.path, self.requests = str(path), 0
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.path)
        self._listener.listen()
        self.thread = threading.Thread(target=self._serve, args=(connections,))
        self.thread.start()

    def _serve(self, connections: list[list[bytes]]) -> None:
        with self._listener:
            for answers in connections:
                accepted, _ = self._listener.accept()
                with accepted:
                    for answer in answers:
                        assert accepted.recv(4096).startswith(b"GET /")
                        self.requests += 1
                        accepted.sendall(answer)


@contextmanager
def transport(path: Path, *connections: list[bytes]) -> Iterator[tuple[UnixTransport, Engine]]:
    engine, budget = Engine(path / "engine.sock", list(connections)), Budget()
    budget.set(10.0, 1 << 20)
    made = UnixTransport(engine.path, 5.0, budget)
    try:
        yield made, engine
    finally:
        made.close()
        engine.thread.join(10)


def read(made: UnixTransport, *, stream: bool = False) -> bytes:
    with made.get("/x", {"all": 1}, 5.0, stream=stream) as answer:
        assert answer.status == 200
        return b"".join(answer.pieces)


def test_a_connection_is_used_again(tmp_path: Path) -> None:
    with transport(tmp_path, [WHOLE, WHOLE]) as (made, engine):
        assert [read(made), read(made)] == [b"{}", b"{}"]
        assert engine.requests == 2


def test_a_connection_that_the_engine_has_closed_is_made_anew(tmp_path: Path) -> None:
    with transport(tmp_path, [WHOLE], [WHOLE]) as (made, _):
        assert [read(made), read(made)] == [b"{}", b"{}"]


def test_a_used_connection_that_ends_without_an_answer_costs_nothing(tmp_path: Path) -> None:
    with transport(tmp_path, [WHOLE, b""], [WHOLE]) as (made, engine):
        assert [read(made), read(made)] == [b"{}", b"{}"]
        assert engine.requests == 3


def test_a_new_connection_that_ends_without_an_answer_is_an_error(tmp_path: Path) -> None:
    with transport(tmp_path, [b""]) as (made, _), pytest.raises(http.client.RemoteDisconnected):
        read(made)


def test_an_answer_that_was_not_read_to_its_end_costs_the_connection(tmp_path: Path) -> None:
    with transport(tmp_path, [HEAD + b"Content-Length: 9\r\n\r\nabc"], [WHOLE]) as (made, _):
        with made.get("/x", {}, 5.0, stream=False):
            pass
        assert read(made) == b"{}"


@pytest.mark.parametrize(
    "cut", [b"Content-Length: 9\r\n\r\nabc", b"Transfer-Encoding: chunked\r\n\r\n9\r\nabc"], ids=["length", "chunks"]
)
@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_that_ends_early_is_an_error(tmp_path: Path, cut: bytes, *, stream: bool) -> None:
    with transport(tmp_path, [HEAD + cut]) as (made, _), pytest.raises(http.client.IncompleteRead):
        read(made, stream=stream)


def test_a_stream_comes_piece_by_piece(tmp_path: Path) -> None:
    chunks = HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"
    with transport(tmp_path, [chunks]) as (made, _), made.get("/x", {}, 5.0, stream=True) as answer:
        assert list(answer.pieces) == [b"one", b"two"]


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("", "/var/run/docker.sock"),
        ("unix:///run/docker.sock", "/run/docker.sock"),
        ("unix://run/docker.sock", "/run/docker.sock"),
        ("http+unix:///run/docker.sock", "/run/docker.sock"),
        ("unix:///run/docker.sock?a", None),
        ("unix://", None),
        ("tcp://127.0.0.1:2375", None),
    ],
)
def test_the_path_of_a_socket(url: str, path: str | None) -> None:
    assert socket_path(url) == path
