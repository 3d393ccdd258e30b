"""Clients that request pages until stdin ends: `python -m tests.support.siege ADDRESS COUNT SOURCE PATH...`.

One thread for all of them, so that they take little of the processor that the exporter needs.
"""

import selectors
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle

BUFFER = bytearray(1 << 18)


class SiegeClient:
    """A connection that is kept, with one request under way."""

    def __init__(self, address: tuple[str, int], source: str, paths: Iterator[str]) -> None:
        self._address, self._source, self._paths = address, source, paths
        self._connect()

    def _connect(self) -> None:
        self.socket = socket.create_connection(self._address, source_address=(self._source, 0))
        self._left = 0
        self._request()

    def _request(self) -> None:
        self.socket.sendall(f"GET {next(self._paths)} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())

    def read(self) -> bool:
        """Read what is there, request again after the last byte; False when the connection is a new one."""
        try:
            count = self.socket.recv_into(BUFFER)
        except ConnectionError:
            count = 0
        if not count:
            self.socket.close()
            self._connect()
            return False
        if not self._left:  # answers come in order, so this begins with a head
            head, _, rest = bytes(BUFFER[:count]).partition(b"\r\n\r\n")
            self._left = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]) - len(rest)
        else:
            self._left -= count
        if self._left <= 0:
            self._request()
        return True


def main(address: str, count: str, source: str, paths: Sequence[str]) -> None:
    """Request until standard input ends."""
    host, _, port = address.rpartition(":")
    upcoming = cycle(paths)
    with selectors.DefaultSelector() as selector:
        selector.register(sys.stdin, selectors.EVENT_READ)
        for _ in range(int(count)):
            client = SiegeClient((host, int(port)), source, upcoming)
            selector.register(client.socket, selectors.EVENT_READ, client)
        print("ready", flush=True)
        while True:
            for key, _ in selector.select():
                if key.data is None:
                    return
                known = key.fileobj
                if not key.data.read():
                    selector.unregister(known)
                    selector.register(key.data.socket, selectors.EVENT_READ, key.data)


@contextmanager
def siege(address: str, clients: int, paths: Sequence[str], source: str = "127.0.0.1") -> Iterator[None]:
    """So many clients of these paths, in a process of their own."""
    argv = [sys.executable, "-m", "tests.support.siege", address, str(clients), source, *paths]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            if not (process.stdout and process.stdout.readline() == "ready\n"):
                raise RuntimeError("the clients did not start; the error is above")
            yield
        finally:
            process.kill()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:])
