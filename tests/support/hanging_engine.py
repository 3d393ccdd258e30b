"""An engine that answers lists, and never an inspect."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.support.http_server import Request, Response, serving


@contextmanager
def hanging_engine() -> Iterator[tuple[str, threading.Event]]:
    """An engine with one container, which never answers an inspect; its URL, and whether it was asked for one."""
    asked, release = threading.Event(), threading.Event()
    answers: dict[str, Any] = {
        "/version": {"ApiVersion": "1.44", "Version": "29.1.0"},
        "/containers/json": [{"Id": "web", "Names": ["/web"], "State": "running"}],
        "/networks": [],
    }

    def silence() -> Iterator[bytes]:
        release.wait(90)
        yield b""

    def answer(request: Request) -> Response:
        path = request.path.partition("?")[0]
        if path.endswith("/web/json"):
            asked.set()
        if path.endswith(("/web/json", "/events")):
            return Response(silence())
        return Response(json.dumps(next((a for end, a in answers.items() if path.endswith(end)), {})).encode())

    with serving(answer) as port:
        try:
            yield f"tcp://127.0.0.1:{port}", asked
        finally:
            release.set()
