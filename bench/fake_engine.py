"""An engine that only answers: `python -m bench.fake_engine SOCKET`, its documents by path on standard input."""

import json
import re
import socketserver
import sys
import threading
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import urlsplit

VERSION = re.compile(r"^/v\d+\.\d+(?=/)")


class Answers(BaseHTTPRequestHandler):
    """Each GET its document; the event stream stays open and silent."""

    protocol_version = "HTTP/1.1"
    bodies: dict[str, bytes]

    def do_GET(self) -> None:
        """Answer with the document of the path."""
        path = VERSION.sub("", urlsplit(self.path).path)
        if path == "/events":
            self._stay_silent()
        elif path in self.bodies:
            self._answer(200, self.bodies[path])
        else:
            self._answer(404, b'{"message": "no such object"}')

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Api-Version", "1.41")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stay_silent(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.rfile.read()  # until the client goes

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class Engine(socketserver.ThreadingUnixStreamServer):
    """A thread per connection."""

    daemon_threads = True
    request_queue_size = 64


def main(path: str) -> None:
    """Serve until standard input ends, which says that the benchmark is gone."""
    found = json.loads(sys.stdin.readline())
    Answers.bodies = {key: json.dumps(document).encode() for key, document in found.items()}
    Answers.bodies["/_ping"] = b"OK"
    with Engine(path, Answers) as engine:
        threading.Thread(target=engine.serve_forever, daemon=True).start()
        print("ready", flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1])
