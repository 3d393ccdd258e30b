"""The Engine API as this program uses it: nine GETs, each with a time-out, by docker-py's low-level client."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import requests
import structlog
import urllib3
from docker.errors import NotFound

from exporter.core.model.docker import Container, Engine, Network, NetworkInspect
from exporter.docker_engine.connection import connect, engine_errors
from exporter.docker_engine.parse import parse_engine, parse_inspected, parse_listed, parse_network
from exporter.docker_engine.parse_network_inspect import parse_network_inspect
from exporter.docker_engine.settings import LIMITS, TIMING, Limits, Timing
from exporter.errors import EngineError

FILTERS = json.dumps({"type": ["container", "network", "daemon"]})
NOT_UNDERSTOOD = (AttributeError, KeyError, TypeError, ValueError)  # what parsing raises for an unknown shape

T = TypeVar("T")

log = structlog.get_logger(component="engine")


class QuietError(Exception):
    """No event for `Timing.quiet` seconds: normal, but a hung engine looks the same."""


class UnreadableLogError(Exception):
    """The engine cannot read a container's log; the text is what it says."""


class EngineClient:
    """One connection's worth of the Engine API; each thread uses its own. Connects lazily: the engine may be away."""

    def __init__(self, host: str, timing: Timing = TIMING, limits: Limits = LIMITS) -> None:
        self._host = host
        self._timing = timing
        self._limits = limits
        self._client: Any = None
        self._odd: set[str] = set()  # rows of lists that were not understood, by id

    def _connected(self) -> Any:
        if self._client is None:
            self._client = connect(self._host, self._timing.request_timeout)
        return self._client

    def close(self) -> None:
        """Drop the connections; the next call makes new ones, and negotiates anew with what may be a newer engine."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def ping(self) -> None:
        """Raise EngineError unless the engine answers in time."""
        with engine_errors():
            self._connected().ping()

    def engine(self) -> Engine:
        """GET /version and /info."""
        with engine_errors():
            client = self._connected()
            return parse_engine(client.version(), client.info())

    def containers(self) -> list[Container]:
        """GET /containers/json?all=1: names, labels, networks; no process id."""
        with engine_errors():
            return self._understood(parse_listed, self._connected().containers(all=True))

    def container(self, container_id: str) -> Container | None:
        """GET /containers/ID/json; None when it is gone. Waits for the container's lock while that starts.

        Raises one of NOT_UNDERSTOOD for a document in an unknown form.
        """
        with engine_errors():
            try:
                document = self._connected().inspect_container(container_id)
            except NotFound:
                return None
        return parse_inspected(document)

    def networks(self) -> list[Network]:
        """GET /networks."""
        with engine_errors():
            return self._understood(parse_network, self._connected().networks())

    def _understood(self, parse: Callable[[Any], T], rows: Iterable[Any]) -> list[T]:
        """Parse a list row by row: one of an unknown shape is left out, and said once."""
        found = []
        for row in rows:
            try:
                found.append(parse(row))
            except NOT_UNDERSTOOD as error:
                key = str(row.get("Id") if isinstance(row, dict) else row)
                if key not in self._odd:
                    log.warning("row of a list left out", id=key, error=repr(error))
                self._odd.add(key)
        return found

    def network(self, network_id: str) -> NetworkInspect | None:
        """GET /networks/ID?verbose=true: who is on it; None when it is gone. Waits for no container's lock.

        Raises one of NOT_UNDERSTOOD for a document in an unknown form.
        """
        with engine_errors():
            try:
                document = self._connected().inspect_network(network_id, verbose=True)
            except NotFound:
                return None
        return parse_network_inspect(document)

    def log(self, container_id: str, since: float, lines: int) -> bytes:
        """GET /containers/ID/logs: the last lines since a moment (Unix time), in frames unless it has a terminal.

        Nothing when the container is gone; a log longer than `Limits.log_bytes` is cut. Raises UnreadableLogError when
        the engine cannot read it, as of some log drivers.
        """
        with engine_errors():
            client = self._connected()
            url = f"{client.base_url}/v{client.api_version}/containers/{container_id}/logs"
            wanted = {"stdout": 1, "stderr": 1, "tail": lines, "since": f"{max(since, 0.0):.9f}"}
            with client.get(url, params=wanted, stream=True, timeout=self._timing.request_timeout) as answer:
                if not answer.ok and answer.status_code != requests.codes.not_found:
                    raise UnreadableLogError(_message(answer.content))
                read = bytearray()
                for chunk in answer.iter_content(chunk_size=None) if answer.ok else ():
                    read += chunk
                    if len(read) >= self._limits.log_bytes:
                        break
                return bytes(read[: self._limits.log_bytes])

    def events(self, since_nano: int) -> Iterator[Any]:
        """GET /events since a moment (inclusive): decoded documents as they come.

        Yields None once the engine has answered. Ends when the engine ends it; raises QuietError after a while of
        silence, EngineError when the connection breaks. docker-py's own events() has no time-out, not even for the
        answer's head, and would wait for a hung engine for ever.
        """
        since = f"{since_nano // 10**9}.{since_nano % 10**9:09d}"
        with engine_errors():
            client = self._connected()
            url = f"{client.base_url}/v{client.api_version}/events"
            wanted = {"since": since, "filters": FILTERS}
            timeout = self._timing.request_timeout, self._timing.quiet
            answer = client.get(url, params=wanted, stream=True, timeout=timeout)
            answer.raise_for_status()
        with answer:
            yield None
            yield from _documents(answer)


def _message(body: bytes) -> str:
    """Return what the engine says of a request that it refused."""
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return body.decode(errors="replace")


def _documents(answer: Any) -> Iterator[Any]:
    """Split a stream of one JSON document per line."""
    rest = b""
    chunks = answer.iter_content(chunk_size=None)
    while True:
        try:
            with engine_errors():
                chunk = next(chunks, b"")
        except EngineError as error:
            if isinstance(error.__cause__, (requests.ConnectionError, urllib3.exceptions.ReadTimeoutError)) and (
                "timed out" in str(error.__cause__).lower()
            ):
                raise QuietError from error
            raise
        if not chunk:
            return
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if line.strip():
                with engine_errors():
                    document = json.loads(line)
                yield document
