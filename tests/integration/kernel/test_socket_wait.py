"""The wait for a socket: it ends with what arrives, with the time, and when another thread says so."""

import socket
import threading
from collections.abc import Iterator

import pytest

from exporter.kernel.netlink.socket_wait import SocketWait


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two connected sockets."""
    ends = socket.socketpair()
    yield ends
    for end in ends:
        end.close()


def test_what_arrives_ends_it(pair: tuple[socket.socket, socket.socket]) -> None:
    wait = SocketWait(pair[0])
    assert not wait.until_readable(0.0)
    pair[1].send(b"x")
    assert wait.until_readable()
    wait.close()


def test_another_thread_ends_it_once(pair: tuple[socket.socket, socket.socket]) -> None:
    wait = SocketWait(pair[0])
    threading.Thread(target=wait.end).start()
    assert not wait.until_readable()
    assert not wait.until_readable(0.0)
    wait.end()
    pair[1].send(b"x")
    assert wait.until_readable(), "what arrived is not lost by the end of a wait"
    wait.close()
