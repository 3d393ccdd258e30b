"""Make a port of the private host reachable on this machine's loopback."""

import contextlib
import socket
import threading

from tests.support.private_host.host import PrivateHost

CHUNK = 1 << 16


class Relay:
    """Listens on 127.0.0.1 and carries each connection to the same port inside the host."""

    def __init__(self, host: PrivateHost, port: int) -> None:
        self._host = host
        self._port = port
        self._listener = self._listen()
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _listen(self) -> socket.socket:
        try:
            return socket.create_server(("127.0.0.1", self._port))
        except OSError:  # the port is in use: use any other
            return socket.create_server(("127.0.0.1", 0))

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            with self._host.netns():
                server = socket.create_connection(("127.0.0.1", self._port), timeout=5)
            with server:
                server.settimeout(None)
                threading.Thread(target=_pump, args=(server, client), daemon=True).start()
                _pump(client, server)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(CHUNK):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
