"""An engine's events as they are heard here, each with the moment when the engine itself told what came of it."""

import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import requests
from docker.errors import DockerException

HEARD_SECONDS = 5
PAUSE_SECONDS = 0.005


@dataclass(frozen=True, slots=True)
class Heard:
    """An event: what it is, when the engine says it was, and when an inspect after it had its answer."""

    name: str
    time: int
    answered: int


class EngineEvents(threading.Thread):
    """Inspects at every event of a container or a network: as fast as any follower of the engine can be.

    An inspect waits while the engine holds the container's lock, long after the event when a container ends.
    """

    def __init__(self, events: Any, inspects: Any) -> None:
        super().__init__(name="engine events", daemon=True)
        self._events, self._inspects = events, inspects
        self._heard: list[Heard] = []

    def run(self) -> None:
        """Listen until the engine ends."""
        with suppress(DockerException, requests.RequestException, OSError, ValueError):
            for document in self._events.events(decode=True, filters={"type": ["container", "network"]}):
                self._take(document)

    def first(self, name: str, since: int) -> Heard:
        """The first event of this name since a moment, such as `network connect`. Raises TimeoutError."""
        deadline = time.monotonic() + HEARD_SECONDS
        while time.monotonic() < deadline:
            for heard in list(self._heard):
                if heard.name == name and heard.time >= since:
                    return heard
            time.sleep(PAUSE_SECONDS)
        raise TimeoutError(f"the engine told no {name}")

    def _take(self, document: Any) -> None:
        kind, actor = document["Type"], document["Actor"]
        container = actor["ID"] if kind == "container" else actor["Attributes"].get("container", "")
        with suppress(DockerException, requests.RequestException):
            self._inspects.inspect_container(container)
        self._heard.append(Heard(f"{kind} {document['Action']}", int(document["timeNano"]), time.time_ns()))
