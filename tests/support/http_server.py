"""A small HTTP server in the network namespace of the thread that starts it: a function answers each request."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True, slots=True)
class Request:
    """What a client requests; `path` has the query."""

    method: str
    path: str
    headers: Message
    body: bytes


@dataclass(frozen=True, slots=True)
class Response:
    """An answer; a body of parts is sent part by part, and its end is that of the connection."""

    body: bytes | Iterable[bytes] = b""
    status: int = 200
    content_type: str = "application/json"


@contextmanager
def serving(answer: Callable[[Request], Response], port: int = 0) -> Iterator[int]:
    """Serve on 127.0.0.1; the port, a free one unless given."""
    server = ThreadingHTTPServer(("127.0.0.1", port), _handler(answer))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(answer: Callable[[Request], Response]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def log_message(self, *_: object) -> None:
            """Be silent."""

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            response = answer(Request(self.command, self.path, self.headers, body))
            self.send_response(response.status)
            self.send_header("Content-Type", response.content_type)
            if isinstance(response.body, bytes):
                self.send_header("Content-Length", str(len(response.body)))
            self.end_headers()
            for part in [response.body] if isinstance(response.body, bytes) else response.body:
                self.wfile.write(part)

    return Handler
