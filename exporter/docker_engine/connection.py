"""A connection to an engine by docker-py's transports, and its failures under one name."""

import json
import re
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import docker
import requests
import urllib3
from docker.constants import DEFAULT_DOCKER_API_VERSION
from docker.errors import APIError, DockerException
from docker.tls import TLSConfig
from docker.transport import UnixHTTPAdapter

from exporter.core.model.docker import DOCKER
from exporter.docker_engine.budget import Budget, TcpAdapter, UnixAdapter
from exporter.docker_engine.podman import LIBPOD, LIBPOD_PREFIX, product_of
from exporter.docker_engine.settings import Limits, Timing
from exporter.docker_engine.text import text
from exporter.docker_engine.tls import EngineTls
from exporter.errors import EngineError

VERSION = re.compile(r"\d{1,3}\.\d{1,3}")
IDENTITY = {"Accept-Encoding": "identity"}  # a small answer must not become a large one
MAX_STREAM_SECONDS = 1e9
PIECE = 1 << 16

Params = Mapping[str, str | int]


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
            # With a version given it does no I/O: docker-py would read an endless answer for it.
            self._client = docker.APIClient(
                base_url=host,
                version=DEFAULT_DOCKER_API_VERSION,
                timeout=timing.request_timeout,
                tls=_configuration(tls) if tls else False,
            )
            # The environment names other authorities (REQUESTS_CA_BUNDLE), which requests would prefer.
            self._client.trust_env = tls is None
            self._mount()
        self._prefix = ""
        self.product = DOCKER
        try:
            # The newest of the engine: what is read of it is in all since 1.41.
            self._prefix = f"/v{self._version()}"
        except EngineError:
            self.close()
            raise

    def _version(self) -> str:
        document = self.document("/version", dict)
        self.product, version = product_of(document), document.get("ApiVersion")
        if not isinstance(version, str) or not VERSION.fullmatch(version):
            raise EngineError(f"unexpected answer to GET /version: ApiVersion is {text(version, 50)!r}")
        return version

    def _mount(self) -> None:
        old = self._client.get_adapter(self._client.base_url)
        if isinstance(old, UnixHTTPAdapter):
            self._client.mount(
                "http+docker://", UnixAdapter(old.socket_path, self._timing.request_timeout, self._budget)
            )
        else:
            self._client.mount(f"{self._client.base_url.partition(':')[0]}://", TcpAdapter(self._budget))
        old.close()

    def close(self) -> None:
        """Close it."""
        self._client.close()

    def document(self, path: str, kind: type[Any], size: int = 0, **params: str | int) -> Any:
        """GET a JSON document of at most `size` bytes and check that it is an object or a list, by `kind`."""
        with engine_errors(), self.get(path, size or self._limits.document_bytes, params) as answer:
            found = _parsed(path, body_of(answer))
        if not isinstance(found, kind):
            raise EngineError(f"unexpected answer to GET {path}: {type(found).__name__}, expected {kind.__name__}")
        return found

    @contextmanager
    def get(self, path: str, size: int, params: Params) -> Iterator[requests.Response]:
        """Send a request; the answer is read within a with block. Raises AnswerError for another status than 200."""
        self._budget.set(self._timing.answer, size)
        timeout = self._timing.request_timeout
        with self._open(path, params, timeout) as answer:
            if answer.status_code != requests.codes.ok:
                raise AnswerError(path, answer.status_code, _message(body_of(answer)))
            yield answer

    @contextmanager
    def stream(self, path: str, params: Params) -> Iterator[Iterator[bytes]]:
        """Send a request for a stream; its pieces come within a with block, each within a size, at whatever time."""
        self._budget.set(self._timing.request_timeout, self._limits.document_bytes)
        with self._open(path, params, self._timing.quiet) as answer:
            answer.raise_for_status()
            if answer.status_code != requests.codes.ok:
                raise AnswerError(path, answer.status_code, "")
            yield self._pieces(answer)

    def _pieces(self, answer: requests.Response) -> Iterator[bytes]:
        pieces = answer.iter_content(chunk_size=None)
        while True:
            self._budget.set(MAX_STREAM_SECONDS, self._limits.event_bytes)
            piece = next(pieces, b"")
            if not piece:
                return
            yield piece

    @contextmanager
    def _open(self, path: str, params: Params, read_timeout: float) -> Iterator[requests.Response]:
        answer = self._client.get(
            f"{self._client.base_url}{LIBPOD_PREFIX if path.startswith(LIBPOD) else self._prefix}{path}",
            params=params,
            stream=True,
            timeout=(self._timing.request_timeout, read_timeout),
            allow_redirects=False,
            headers=IDENTITY,
        )
        with answer:
            yield answer


def _configuration(tls: EngineTls) -> TLSConfig:
    client = tuple(map(str, tls.client)) if tls.client else None
    return TLSConfig(client_cert=client, ca_cert=str(tls.ca), verify=True)


def body_of(answer: requests.Response) -> bytes:
    """Read it to its end, in pieces: a Content-Length of any size must not allocate it."""
    return b"".join(answer.raw.stream(PIECE, decode_content=False))


def _parsed(path: str, body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise EngineError(f"unexpected answer to GET {path}: {error}") from error


def _message(body: bytes) -> str:
    """Return the reason that the engine gives for refusing a request."""
    try:
        return text(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return text(body.decode(errors="replace"))


@contextmanager
def engine_errors() -> Iterator[None]:
    """Raise EngineError for all errors of docker-py, requests, urllib3 and the JSON parser."""
    try:
        yield
    except EngineError:
        raise
    except (
        DockerException,
        requests.RequestException,
        urllib3.exceptions.HTTPError,
        ValueError,
        OSError,
        RecursionError,
    ) as error:
        _clear_frames(error)
        raise EngineError(text(_one_line(error))) from error


def _clear_frames(error: BaseException | None) -> None:
    """Clear what the frames of a failure hold: docker-py leaves a socket that did not connect to the garbage collector.

    That runs seldom here, and an engine may be away for days.
    """
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__


def _one_line(error: BaseException) -> str:
    """Of a nested exception text the innermost: 'No such file or directory' and not five classes around it."""
    while isinstance(cause := error.__cause__ or error.__context__, BaseException) and not isinstance(error, APIError):
        error = cause
    return " ".join(str(error).split()) or type(error).__name__
