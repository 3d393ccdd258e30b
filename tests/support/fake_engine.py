"""An engine that plays recorded answers over a unix socket, and fails as it is told to.

Its changes read like Docker's commands and make the events that Docker makes. A container's id is its name with
`-id`, a network's its name with `-net`. Nothing happens by time: a request is held until it is let go.
"""

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from tests.support.fake_engine_socket import Answer, Raw, Server, Stream
from tests.support.recorded import answer

ENGINE = "28.5.2"
PREFIX = "/v1.51"
RING = 256  # events that an engine can tell again
RETAGGED = "sha256:4d5e"


class FakeEngine:
    """What exists, what was asked, and how to fail; absent until `appear`."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "docker.sock"
        self.url = f"unix://{self.socket}"
        self.containers: dict[str, dict[str, Any]] = {}
        self.networks: dict[str, dict[str, Any]] = {}
        self.logs: dict[str, bytes] = {}  # container id -> its log, as the engine frames it
        self.asked: list[str] = []  # the paths of all requests, without the API's version
        self.failing: dict[str, int] = {}  # path -> status
        self.raw: dict[str, Callable[[], Iterable[bytes]]] = {}  # path -> an answer, from its first byte on
        self.headers = {"Api-Version": PREFIX.removeprefix("/v")}  # of all answers but raw ones
        self.streams: list[Stream] = []
        self._ring: deque[dict[str, Any]] = deque(maxlen=RING)
        self._held: dict[str, threading.Event] = {}
        self._last_nano = 0
        self._telling = threading.Lock()
        self._server: Server | None = None
        self.network("bridge")

    def appear(self) -> None:
        """Begin to listen."""
        self._server = Server(self.socket, self.answer_to, self.headers)

    def vanish(self) -> None:
        """End all connections and take the socket away."""
        for release in self._held.values():
            release.set()
        self.end_streams()
        if self._server:
            self._server.close()
            self.socket.unlink()
        self._server = None

    def run(self, name: str, network: str = "bridge", *, pid: int = 100) -> None:
        """`docker run --detach --name NAME --network NETWORK`."""
        self.appear_silently(name, network, pid=pid)
        self.emit("container", "create", name)
        self.emit("network", "connect", name, network)
        self.emit("container", "start", name)

    def appear_silently(self, name: str, network: str = "bridge", *, pid: int = 100) -> None:
        """A container runs, and no event told of it."""
        document = answer(ENGINE, "running")
        endpoint = {**document["NetworkSettings"]["Networks"]["bridge"], "NetworkID": f"{network}-net"}
        document |= {"Id": f"{name}-id", "Name": f"/{name}", "State": {"Status": "running", "Pid": pid}}
        document["NetworkSettings"]["Networks"] = {network: endpoint | {"EndpointID": f"{name}-{network}-{pid}"}}
        self.containers[f"{name}-id"] = document

    def rename(self, name: str, new: str) -> None:
        """`docker rename NAME NEW`, told of by an event about the container's id."""
        self.containers[f"{name}-id"]["Name"] = f"/{new}"
        self.emit("container", "rename", name)

    def retag(self, name: str) -> None:
        """`docker tag OTHER IMAGE`: a list shows the id of an image that lost its name, an inspect shows the name."""
        self.containers[f"{name}-id"]["Image"] = RETAGGED

    def remove(self, name: str) -> None:
        """`docker rm --force NAME`."""
        del self.containers[f"{name}-id"]
        self.emit("container", "destroy", name)

    def network(self, name: str, *, silently: bool = True) -> None:
        """`docker network create NAME`."""
        document = answer(ENGINE, "network")
        self.networks[f"{name}-net"] = document | {"Id": f"{name}-net", "Name": name, "Containers": {}}
        if not silently:
            self.emit("network", "create", "", name)

    def elsewhere(self, network: str, name: str, ip: str) -> None:
        """A container of this name is on the network, on another node."""
        task = {"Name": name, "EndpointID": f"{name}-endpoint", "EndpointIP": ip, "Info": {"Host IP": "192.0.2.2"}}
        self.networks[f"{network}-net"]["Services"] = {"": {"Tasks": [task]}}

    def emit(self, kind: str, action: str, container: str, network: str = "") -> dict[str, Any]:
        """Tell of something by an event; the event."""
        actor: dict[str, Any] = {"ID": f"{container}-id", "Attributes": {"name": container}}
        if kind == "network":
            attributes = {"name": network, "type": "bridge"} | ({"container": f"{container}-id"} if container else {})
            actor = {"ID": f"{network}-net", "Attributes": attributes}
        event = {"Type": kind, "Action": action, "Actor": actor, "scope": "local", "timeNano": self._tick()}
        # Together, or a stream that is opened just now would be told of it neither as past nor as present.
        with self._telling:
            self._ring.append(event)
            streams = list(self.streams)
        for stream in streams:
            stream.send(event)
        return event

    def repeat(self, event: dict[str, Any]) -> None:
        """Send a document to who listens now."""
        for stream in list(self.streams):
            stream.send(event)

    def _tick(self) -> int:
        """The time in nanoseconds, never the same twice."""
        self._last_nano = max(self._last_nano + 1, time.time_ns())
        return self._last_nano

    def write(self, line: bytes) -> None:
        """Send bytes as they are to who listens now."""
        for stream in list(self.streams):
            stream.write(line)

    def end_streams(self, *, properly: bool = True) -> None:
        """End the event streams, as an engine does that stops, or as one that is killed."""
        streams, self.streams = self.streams, []
        for stream in streams:
            stream.end(properly=properly)

    @contextmanager
    def holding(self, path: str) -> Iterator[None]:
        """Answer no request for a path, or for anything when that is '', before the end of a with block."""
        release = self._held[path] = threading.Event()
        try:
            yield
        finally:
            self._held.pop(path, None)
            release.set()

    def hold_no_more(self, path: str) -> None:
        """Answer from now on, before those that are held already."""
        del self._held[path]

    def answer_to(self, target: str) -> Answer:
        """Status and body for a request, as things stand when it comes, however long it is held."""
        url = urlsplit(target)
        path = url.path.removeprefix(PREFIX)
        self.asked.append(path)
        if path in self.raw:
            return 200, Raw(self.raw[path]())
        found = self._found(path, parse_qs(url.query))
        body = found if isinstance(found, (Stream, bytes)) else json.dumps(found).encode()
        for held in [self._held[place] for place in ("", path) if place in self._held]:
            held.wait()
        status = self.failing.get(path, 404 if found is None else 200)
        return status, body if status == 200 else b'{"message": "planted"}'

    def _found(self, path: str, query: dict[str, list[str]]) -> Any:
        match path.split("/")[1:]:
            case ["events"]:
                return self._open_stream(query["since"][0])
            case ["containers", "json"]:
                return [_row(document) for document in list(self.containers.values())]
            case ["containers", container, "json"]:
                return self.containers.get(container)
            case ["containers", container, "logs"]:
                return self.logs.get(container)
            case ["networks", network]:
                return _inspected(self.networks.get(network), verbose="verbose" in query)
        whole = {"/_ping": "OK", "/networks": list(self.networks.values())}
        return answer(ENGINE, path[1:]) if path in ("/version", "/info") else whole.get(path)

    def _open_stream(self, since: str) -> Stream:
        seconds, _, nano = since.partition(".")
        with self._telling:
            stream = Stream([event for event in self._ring if event["timeNano"] >= int(seconds + nano)])
            self.streams.append(stream)
        return stream

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.vanish()


def _inspected(network: dict[str, Any] | None, *, verbose: bool) -> dict[str, Any] | None:
    """A network's inspect: of other nodes only when it is asked for."""
    return network if network is None or verbose else {**network, "Services": None}


def _row(document: dict[str, Any]) -> dict[str, Any]:
    """The row of a list for an inspect: without a process id."""
    return {
        "Id": document["Id"],
        "Names": [document["Name"]],
        "Image": RETAGGED if document["Image"] == RETAGGED else document["Config"]["Image"],
        "Created": int(datetime.fromisoformat(document["Created"]).timestamp()),
        "State": document["State"]["Status"],
        "HostConfig": document["HostConfig"],
        "NetworkSettings": {"Networks": document["NetworkSettings"]["Networks"]},
    }
