"""The Engine API as this program uses it: nine GETs, each with a deadline, a maximum size and an expected shape."""

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import quote

from exporter.core.model.bounded_dict import BoundedDict
from exporter.core.model.docker import PODMAN, Container, Engine, Network, NetworkInspect
from exporter.docker_engine.connection import AnswerError, Connection, engine_errors
from exporter.docker_engine.parse import parse_engine, parse_inspected, parse_listed, parse_network
from exporter.docker_engine.parse_network_inspect import parse_network_inspect
from exporter.docker_engine.peer import read_peer
from exporter.docker_engine.podman import NETWORKS, parse_podman_network, with_network_names
from exporter.docker_engine.settings import LIMITS, TIMING, Limits, Timing
from exporter.docker_engine.text import label
from exporter.docker_engine.tls import EngineTls
from exporter.docker_engine.transport import Params
from exporter.errors import EngineError
from exporter.log import get_logger

FILTERS = json.dumps({"type": ["container", "network", "daemon"]})
MAX_REPORTED = 1024
PARSE_ERRORS = (AttributeError, KeyError, TypeError, ValueError, OverflowError)  # what parsing raises for a wrong shape

T = TypeVar("T")

log = get_logger(component="engine")


class QuietError(Exception):
    """No event for `Timing.quiet`: normal, but a hung engine looks the same."""


class UnreadableLogError(Exception):
    """The engine cannot read a container's log; the text is its message."""


class EngineClient:
    """One connection to the Engine API; each thread uses its own. Connects lazily: the engine may be away."""

    def __init__(
        self, host: str, timing: Timing = TIMING, limits: Limits = LIMITS, tls: EngineTls | None = None
    ) -> None:
        self._host, self._limits, self._timing, self._tls = host, limits, timing, tls
        self._open: Connection | None = None
        self._skipped: BoundedDict[str, None] = BoundedDict(MAX_REPORTED)  # ids of malformed list entries

    def _connection(self) -> Connection:
        if self._open is None:
            self._open = Connection(self._host, self._timing, self._limits, self._tls)
        return self._open

    def close(self) -> None:
        """Drop the connection; the next call makes a new one, and negotiates with what may be a newer engine."""
        connection, self._open = self._open, None
        if connection is not None:
            connection.close()

    def ping(self) -> None:
        """Raise EngineError unless the engine answers in time."""
        with engine_errors(), self._connection().get("/_ping", self._limits.document_bytes, {}) as pieces:
            deque(pieces, maxlen=0)

    def engine(self) -> Engine:
        """GET /version and /info."""
        connection = self._connection()
        version, info = connection.document("/version", dict), connection.document("/info", dict)
        try:
            return parse_engine(version, info, read_peer(self._host, self._timing.request_timeout))
        except PARSE_ERRORS as error:
            raise EngineError(f"cannot parse the answer to GET /info: {error!r}") from error

    def containers(self) -> list[Container]:
        """GET /containers/json?all=1: names, labels, networks; no process id."""
        connection = self._connection()
        rows = connection.document("/containers/json", list, self._limits.list_bytes, all=1)
        if connection.product == PODMAN:
            return self._parsed(lambda row: parse_listed(with_network_names(row)), rows)
        return self._parsed(parse_listed, rows)

    def container(self, container_id: str) -> Container | None:
        """GET /containers/ID/json; None when it is gone. Waits for the container's lock while that starts.

        Raises one of PARSE_ERRORS for a document in an unknown form.
        """
        document = self._inspected(f"/containers/{quote(container_id, safe='')}/json")
        if document is None:
            return None
        podman = self._connection().product == PODMAN
        return parse_inspected(with_network_names(document) if podman else document)

    def networks(self) -> list[Network]:
        """GET /networks; of Podman its own list, which names their bridges."""
        connection, size = self._connection(), self._limits.list_bytes
        if connection.product == PODMAN:
            return self._parsed(parse_podman_network, connection.document(NETWORKS, list, size))
        return self._parsed(parse_network, connection.document("/networks", list, size))

    def network(self, network_id: str) -> NetworkInspect | None:
        """GET /networks/ID?verbose=true: its members; None when it is gone. Waits for no container's lock.

        Raises one of PARSE_ERRORS for a document in an unknown form.
        """
        document = self._inspected(f"/networks/{quote(network_id, safe='')}", verbose="true")
        return None if document is None else parse_network_inspect(document)

    def _inspected(self, path: str, **params: str) -> Any:
        try:
            return self._connection().document(path, dict, self._limits.list_bytes, **params)
        except AnswerError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    def _parsed(self, parse: Callable[[Any], T], rows: Iterable[Any]) -> list[T]:
        """Parse a list entry by entry: a malformed one is skipped, and logged once."""
        found = []
        for row in rows:
            try:
                found.append(parse(row))
            except PARSE_ERRORS as error:
                key = label(row.get("Id") if isinstance(row, dict) else row)
                if key not in self._skipped:
                    log.warning("malformed list entry skipped", id=key, error=label(repr(error)))
                self._skipped[key] = None
        return found

    def log(self, container_id: str, since: float, lines: int) -> bytes:
        """GET /containers/ID/logs: the last lines since a moment (Unix time), in frames unless it has a terminal.

        Nothing when the container is gone; cut at `Limits.log_bytes`. Raises UnreadableLogError when the engine cannot
        read it, as of some log drivers.
        """
        path, size = f"/containers/{quote(container_id, safe='')}/logs", self._limits.log_bytes
        params: Params = {"stdout": 1, "stderr": 1, "tail": lines, "since": f"{max(since, 0.0):.9f}"}
        read = bytearray()
        try:
            # The size of a frame or a line is the engine's choice: a log that is too long is cut and not refused.
            with engine_errors(), self._connection().get(path, self._limits.document_bytes, params) as pieces:
                for piece in pieces:
                    read += piece
                    if len(read) >= size:
                        break
        except AnswerError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise UnreadableLogError(error.message) from error
        return bytes(read[:size])

    def events(self, since_nano: int) -> Iterator[Any]:
        """GET /events since a moment (inclusive): decoded documents as they come.

        Yields None once the engine has answered. Ends when the engine ends it; raises QuietError after a while of
        silence, EngineError when the connection breaks.
        """
        params = {"since": f"{since_nano // 10**9}.{since_nano % 10**9:09d}", "filters": FILTERS}
        with engine_errors(), self._connection().stream("/events", params) as pieces:
            yield None
            for line in _lines(pieces, self._limits.event_bytes):
                yield json.loads(line)


def _lines(pieces: Iterator[bytes], max_bytes: int) -> Iterator[bytes]:
    """Split a stream of one document per line."""
    rest = b""
    try:
        for piece in pieces:
            *lines, rest = (rest + piece).split(b"\n")
            yield from (line for line in lines if line.strip())
            if len(rest) > max_bytes:
                raise EngineError(f"event larger than {max_bytes} bytes")
    except TimeoutError as error:
        raise QuietError from error
