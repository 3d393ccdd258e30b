"""Clients that do not behave."""

import contextlib
import socket
from collections.abc import Iterator
from contextlib import contextmanager

LARGE = b"x" * 8_000_000  # more than the kernel keeps for a client that does not read
HALF_A_HEAD = b"GET /metrics HTTP/1.1\r\nHost: slow\r\nX-Slow: "
WHOLE_HEAD = b"GET /metrics HTTP/1.1\r\nHost: slow\r\n\r\n"


@contextmanager
def reserved(address: str = "127.0.0.1") -> Iterator[int]:
    """A port on which nobody listens, and which is handed out to nobody; :: is every address of both families.

    Whoever asks for it by its number gets it, with SO_REUSEADDR.
    """
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as holder:
        holder.bind((address, 0))
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        yield holder.getsockname()[1]


@contextmanager
def crowd(port: int, number: int, *, sending: bytes, source: str = "127.0.0.1") -> Iterator[list[socket.socket]]:
    """Clients that say something and then read nothing; their kernels take next to nothing for them."""
    with contextlib.ExitStack() as stack:
        clients = []
        for _ in range(number):
            client = stack.enter_context(socket.socket())
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            client.settimeout(60)
            client.bind((source, 0))
            client.connect(("127.0.0.1", port))
            client.sendall(sending)
            clients.append(client)
        yield clients


def is_closed(client: socket.socket) -> bool:
    """Whether the server has ended it, whatever it sent before; does not wait."""
    client.settimeout(0)
    try:
        return client.recv(1 << 20) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


def read_all(client: socket.socket) -> bytes:
    """Everything up to the end of the connection."""
    received = b""
    with contextlib.suppress(ConnectionError):
        while part := client.recv(1 << 20):
            received += part
    return received
