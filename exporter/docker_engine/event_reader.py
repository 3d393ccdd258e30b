"""The thread that drains the event stream: it never waits for anybody, for a slow reader slows the engine down.

An engine drops events silently when nobody reads, keeps only the last 256, and may answer before it has subscribed:
so each connection asks for the past too (`since` is inclusive), and what was seen is dropped.
"""

import queue
import threading
import time
from collections import Counter, OrderedDict
from typing import Any, Literal

import structlog

from exporter.docker_engine.client import EngineClient, QuietError
from exporter.docker_engine.parse import Event, parse_event
from exporter.errors import EngineError

SLACK_NANO = 2 * 10**9
SEEN = 2048
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 5.0

CONNECTED: Literal["connected"] = "connected"
DISCONNECTED: Literal["disconnected"] = "disconnected"
OVERFLOW: Literal["overflow"] = "overflow"
Item = Event | Literal["connected", "disconnected", "overflow"]

log = structlog.get_logger(component="events")


class EventReader:
    """Puts each new event, and every change of the connection, into a queue."""

    def __init__(self, client: EngineClient, sink: "queue.Queue[Any]", stopped: threading.Event) -> None:
        self._client = client
        self._sink = sink
        self._stopped = stopped
        self._seen: OrderedDict[tuple[object, ...], None] = OrderedDict()
        self._last_nano = 0
        self.counts: Counter[tuple[str, str]] = Counter()
        self.connected = False
        self.failed = False  # at least once
        self.reconnects = -1  # the first connection is none

    def run(self) -> None:
        """Read until stopped; after each end of the stream back off, ask again, and say that it broke."""
        pause = FIRST_PAUSE
        said = ""
        while not self._stopped.is_set():
            try:
                self._read_stream()
                reason = "the engine ended the event stream"
            except EngineError as error:
                reason = str(error)
            except Exception as error:
                log.exception("event not understood, starting over")
                reason = str(error)
            self.failed = True
            if self.connected:
                pause, said = FIRST_PAUSE, ""
            self._disconnect()
            if reason != said and not self._stopped.is_set():
                log.warning("engine does not answer, trying again", reason=reason)
                said = reason
            self._stopped.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _read_stream(self) -> None:
        """One connection, renewed without a word while the engine is only quiet."""
        while not self._stopped.is_set():
            since = (self._last_nano or time.time_ns()) - SLACK_NANO
            try:
                self._client.ping()
                for document in self._client.events(since):
                    self._take(document)
            except QuietError:
                continue
            return

    def _take(self, document: Any) -> None:
        if document is None:
            if not self.connected:
                self.connected = True
                self.reconnects += 1
                self._put(CONNECTED)
            return
        event = parse_event(document)
        key = event.time_nano, event.type, event.action, event.container_id, event.network_id
        if key in self._seen:
            return
        self._seen[key] = None
        if len(self._seen) > SEEN:
            self._seen.popitem(last=False)
        if not event.swarm:  # those carry the manager's clock
            self._last_nano = max(self._last_nano, event.time_nano)
        self.counts[event.type, event.action] += 1
        self._put(event)

    def _disconnect(self) -> None:
        self._client.close()
        if self.connected:
            self.connected = False
            self._put(DISCONNECTED)

    def _put(self, item: Item) -> None:
        try:
            self._sink.put_nowait(item)
        except queue.Full:
            while True:
                try:
                    self._sink.get_nowait()
                except queue.Empty:
                    break
            self._sink.put_nowait(OVERFLOW)
