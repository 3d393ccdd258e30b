"""Evidence of addresses in use from the log of a failed container, read once for each of its ends.

Only of containers that share a network namespace: one with a namespace of its own shares no port.
"""

import struct
import threading

from msgspec.structs import replace

from exporter.core.model.bounded_dict import BoundedDict
from exporter.core.model.container_details import Details, LogEvidence
from exporter.core.model.docker import Container
from exporter.core.model.inventory import SHARES_NAMESPACE
from exporter.core.ports.container_failures import WRITTEN_LATE, failed
from exporter.core.ports.log_parser import parse_log
from exporter.docker_engine.client import EngineClient, UnreadableLogError

LINES = 50
MAX_ENDS = 1024
# Engine API, POST /containers/ID/attach: a byte for the stream, three of nothing, the length.
FRAME = struct.Struct(">BxxxI")
STREAMS = 3  # standard input, output and error

End = tuple[str, float]  # a container's id, and when it ended


class LogReader:
    """Reads logs, and keeps their evidence. Safe to call from several threads, each with its own client."""

    def __init__(self) -> None:
        self._read: BoundedDict[End, LogEvidence] = BoundedDict(MAX_ENDS)
        self._lock = threading.Lock()

    def with_log(self, client: EngineClient, container: Container) -> Container:
        """Return the container with what its log says, if it failed in a namespace that it shares."""
        details = container.details
        if details is None or container.network_mode not in SHARES_NAMESPACE or not failed(container):
            return container
        end = container.id, details.finished
        with self._lock:
            evidence = self._read.get(end)
        if evidence is None:
            evidence = read_log(client, container.id, details)
            with self._lock:
                self._read[end] = evidence
        return replace(container, details=replace(details, log=evidence))


def read_log(client: EngineClient, container_id: str, details: Details) -> LogEvidence:
    """Read the last lines since the container's last start. Raises EngineError while the engine does not answer."""
    try:
        data = client.log(container_id, details.started - WRITTEN_LATE, LINES)
    except UnreadableLogError as error:
        return LogEvidence(unreadable=f"{details.log_driver}: {error}")
    return parse_log(demultiplexed(data).decode(errors="replace").splitlines())


def demultiplexed(data: bytes) -> bytes:
    """Take the frames off, which there are unless the container has a terminal; the last one may be cut."""
    parts = []
    place = 0
    while place + FRAME.size <= len(data):
        stream, length = FRAME.unpack_from(data, place)
        if stream >= STREAMS or data[place + 1 : place + 4] != bytes(3):
            return data
        place += FRAME.size
        parts.append(data[place : place + length])
        place += length
    return b"".join(parts) if parts else data
