"""A server at the far end of a private host's uplink, for what containers reach outside."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.support.private_host.namespaces import netns

PORT = 7000
SECONDS = 5.0


@contextmanager
def serving(pid: int) -> Iterator[None]:
    """Answer HTTP in the network namespace of a process for the length of a with block."""
    with netns(pid):
        listener = socket.create_server(("0.0.0.0", PORT), backlog=64)
    thread = threading.Thread(target=_answer, args=(listener,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(SECONDS)
        listener.close()


def _answer(listener: socket.socket) -> None:
    with suppress(OSError):
        while True:
            connection, _ = listener.accept()
            with connection, suppress(OSError):
                connection.settimeout(SECONDS)
                connection.recv(4096)
                connection.sendall(b"HTTP/1.0 200 OK\r\n\r\noutside")
