"""HTTP of the fake engine: one thread per connection, on a unix socket."""

import contextlib
import json
import queue
import socketserver
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

POLL_SECONDS = 0.01

Answer = tuple[int, "bytes | Stream | Raw"]


@dataclass(frozen=True)
class Raw:
    """An answer from its first byte on, in pieces, whatever HTTP says."""

    pieces: Iterable[bytes]


class Stream:
    """An open event stream: what is sent on it, until its end."""

    def __init__(self, past: list[dict[str, Any]]) -> None:
        self._chunks: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._ended_properly = True
        for event in past:
            self.send(event)

    def send(self, event: dict[str, Any]) -> None:
        """Send an event as a line."""
        self.write(json.dumps(event).encode() + b"\n")

    def write(self, chunk: bytes) -> None:
        """Send bytes as they are."""
        self._chunks.put(chunk)

    def end(self, *, properly: bool = True) -> None:
        """End it, with the mark of a complete answer or as a killed engine does."""
        self._ended_properly = properly
        self._chunks.put(None)

    def copy_to(self, write: Callable[[bytes], object]) -> None:
        """Write chunks until the end."""
        while (chunk := self._chunks.get()) is not None:
            write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        if self._ended_properly:
            write(b"0\r\n\r\n")


class _Handler(BaseHTTPRequestHandler):
    """Answers as it is told by the server's `answer_to`."""

    protocol_version = "HTTP/1.1"
    server: "Server"

    def do_GET(self) -> None:
        status, body = self.server.answer_to(self.path)
        if isinstance(body, Raw):
            self.close_connection = True
            for piece in body.pieces:
                self.wfile.write(piece)
            return
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        if isinstance(body, Stream):
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.flush()
            body.copy_to(self.wfile.write)
            self.close_connection = True
        else:
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def handle(self) -> None:
        self.server.connections.append(self.connection)
        with contextlib.suppress(OSError):  # the client, or the engine, has hung up
            super().handle()

    def finish(self) -> None:
        with contextlib.suppress(OSError):
            super().finish()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """Listens from the start until it is closed."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, path: Path, answer_to: Callable[[str], Answer], headers: Mapping[str, str]) -> None:
        super().__init__(str(path), _Handler)
        self.answer_to, self.headers = answer_to, headers
        self.connections: list[Any] = []
        threading.Thread(target=self.serve_forever, args=(POLL_SECONDS,), daemon=True).start()

    def close(self) -> None:
        """End every connection and the listening."""
        self.shutdown()
        self.server_close()
        for connection in self.connections:
            with contextlib.suppress(OSError):
                connection.shutdown(2)
