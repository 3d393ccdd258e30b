"""A connection to an engine: documents and streams of its API, and all failures under one name."""

import json
import re
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPException
from typing import Any

from exporter.core.model.docker import DOCKER, PODMAN
from exporter.docker_engine.budget import Budget
from exporter.docker_engine.podman import LIBPOD, LIBPOD_API_VERSION, LIBPOD_PREFIX, product_of
from exporter.docker_engine.settings import Limits, Timing
from exporter.docker_engine.text import text
from exporter.docker_engine.tls import EngineTls
from exporter.docker_engine.transport import Params, make_transport
from exporter.errors import EngineError

API_VERSION = "Api-Version"
VERSION = re.compile(r"\d{1,3}\.\d{1,3}")
MAX_STREAM_SECONDS = 1e9


class AnswerError(EngineError):
    """The engine answered with another status than 200; the text is its message."""

    def __init__(self, path: str, status: int, message: str) -> None:
        super().__init__(f"GET {path}: status {status}: {message}")
        self.status, self.message = status, message


class Connection:
    """One connection; not thread-safe. Each method raises EngineError."""

    def __init__(self, host: str, timing: Timing, limits: Limits, tls: EngineTls | None = None) -> None:
        self._limits, self._timing = limits, timing
        self._budget = Budget()
        with engine_errors():
            self._transport = make_transport(host, timing.request_timeout, self._budget, tls)
        self._prefix = ""
        self._silence = timing.request_timeout
        self.product = DOCKER
        try:
            # The newest of the engine: what is read of it is in all since 1.41.
            self._prefix = f"/v{self._negotiate()}"
            if self.product == PODMAN:  # it starts programs for its answers, such as runc --version
                self._silence = timing.answer
        except EngineError:
            self.close()
            raise

    def _negotiate(self) -> str:
        """Return the API version by the head of GET /_ping, as docker(1) does; by GET /version where that has none.

        Podman runs dpkg or rpm for each answer to GET /version.
        """
        self._budget.set(self._timing.answer, self._limits.document_bytes)
        with engine_errors(), self._transport.get("/_ping", {}, self._silence, stream=False) as answer:
            deque(answer.pieces, maxlen=0)
        version = answer.headers.get(API_VERSION, "")
        if answer.status != HTTPStatus.OK or not VERSION.fullmatch(version):
            return self._version()
        self.product = PODMAN if LIBPOD_API_VERSION in answer.headers else DOCKER
        return version

    def _version(self) -> str:
        document = self.document("/version", dict)
        self.product, version = product_of(document), document.get("ApiVersion")
        if not isinstance(version, str) or not VERSION.fullmatch(version):
            raise EngineError(f"unexpected answer to GET /version: ApiVersion is {text(version, 50)!r}")
        return version

    def close(self) -> None:
        """Close it."""
        self._transport.close()

    def document(self, path: str, kind: type[Any], size: int = 0, **params: str | int) -> Any:
        """GET a JSON document of at most `size` bytes and check that it is an object or a list, by `kind`."""
        with engine_errors(), self.get(path, size or self._limits.document_bytes, params) as answer:
            found = _parsed(path, b"".join(answer))
        if not isinstance(found, kind):
            raise EngineError(f"unexpected answer to GET {path}: {type(found).__name__}, expected {kind.__name__}")
        return found

    @contextmanager
    def get(self, path: str, size: int, params: Params) -> Iterator[Iterator[bytes]]:
        """Send a request; the pieces of the answer are read within a with block.

        Raises AnswerError for another status than 200.
        """
        self._budget.set(self._timing.answer, size)
        with self._transport.get(self._versioned(path), params, self._silence, stream=False) as answer:
            if answer.status != HTTPStatus.OK:
                raise AnswerError(path, answer.status, _message(b"".join(answer.pieces)))
            yield answer.pieces

    @contextmanager
    def stream(self, path: str, params: Params) -> Iterator[Iterator[bytes]]:
        """Send a request for a stream; its pieces come within a with block, each within a size, at whatever time."""
        self._budget.set(self._timing.request_timeout, self._limits.document_bytes)
        with self._transport.get(self._versioned(path), params, self._timing.quiet, stream=True) as answer:
            if answer.status != HTTPStatus.OK:
                raise AnswerError(path, answer.status, "")
            yield self._each_within_budget(answer.pieces)

    def _each_within_budget(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        while True:
            self._budget.set(MAX_STREAM_SECONDS, self._limits.event_bytes)
            piece = next(pieces, b"")
            if not piece:
                return
            yield piece

    def _versioned(self, path: str) -> str:
        return f"{LIBPOD_PREFIX if path.startswith(LIBPOD) else self._prefix}{path}"


def _parsed(path: str, body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise EngineError(f"unexpected answer to GET {path}: not JSON: {error}") from error


def _message(body: bytes) -> str:
    """Return the reason that the engine gives for refusing a request."""
    try:
        return text(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return text(body.decode(errors="replace"))


@contextmanager
def engine_errors() -> Iterator[None]:
    """Raise EngineError for all errors of a transport and of the JSON parser."""
    try:
        yield
    except EngineError:
        raise
    except (HTTPException, ValueError, OSError, RecursionError) as error:
        raise EngineError(text(_one_line(error))) from error


def _one_line(error: BaseException) -> str:
    """Of a nested exception text the innermost: 'No such file or directory' and not five classes around it."""
    while isinstance(cause := error.__cause__ or error.__context__, BaseException):
        error = cause
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return " ".join(str(error).split()) or type(error).__name__
