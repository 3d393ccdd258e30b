"""The thread that drains the event stream: it never blocks on another thread, for a slow reader slows the engine down.

An engine drops events silently when they are not read, keeps only the last 256, and may answer before it has
subscribed: so each connection requests the past too (`since` is inclusive), and duplicates are dropped.
"""

import queue
import threading
import time
from collections import Counter
from typing import Any, Literal

from exporter.core.model.bounded_dict import BoundedDict
from exporter.docker_engine.client import PARSE_ERRORS, EngineClient, QuietError
from exporter.docker_engine.parse import Event, parse_event
from exporter.docker_engine.settings import LIMITS, Limits
from exporter.docker_engine.text import label
from exporter.errors import EngineError
from exporter.log import get_logger

OVERLAP_NANO = 2 * 10**9
MAX_SEEN = 2048
FIRST_PAUSE, MAX_PAUSE = 0.05, 5.0
OTHER = ("other", "other")

CONNECTED: Literal["connected"] = "connected"
DISCONNECTED: Literal["disconnected"] = "disconnected"
OVERFLOW: Literal["overflow"] = "overflow"
Item = Event | Literal["connected", "disconnected", "overflow"]

log = get_logger(component="events")


class EventReader:
    """Puts each new event, and every change of the connection, into a queue. Its counts are read by other threads."""

    def __init__(
        self, client: EngineClient, sink: "queue.Queue[Any]", stopped: threading.Event, limits: Limits = LIMITS
    ) -> None:
        self._client = client
        self._limits = limits
        self._sink = sink
        self._stopped = stopped
        self._seen: BoundedDict[tuple[object, ...], None] = BoundedDict(MAX_SEEN)
        self._last_nano = 0
        self.counts: Counter[tuple[str, str]] = Counter()
        self.connected = False
        self.failed = False  # at least once
        self.reconnects = -1  # the first connection is not one

    def run(self) -> None:
        """Read until stopped; after each end of the stream back off and connect again. Logs each reason once."""
        pause = FIRST_PAUSE
        logged = ""
        while not self._stopped.is_set():
            try:
                self._read_stream()
                reason = "the engine ended the event stream"
            except EngineError as error:
                reason = str(error)
            except Exception as error:
                log.exception("event stream failed")
                reason = str(error)
            self.failed = True
            if self.connected:
                pause, logged = FIRST_PAUSE, ""
            self._disconnect()
            if reason != logged and not self._stopped.is_set():
                log.warning("event stream lost, reconnecting", reason=reason)
                logged = reason
            self._stopped.wait(pause)
            pause = min(2 * pause, MAX_PAUSE)

    def _read_stream(self) -> None:
        """One connection, renewed silently while the engine is only quiet."""
        while not self._stopped.is_set():
            now = time.time_ns()  # the last event may be ahead of it, where the clock was set back since
            since = min(self._last_nano or now, now) - OVERLAP_NANO
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
        try:
            event = parse_event(document)
        except PARSE_ERRORS as error:
            raise EngineError(f"cannot parse an event: {label(repr(error))}") from error
        key = event.time_nano, event.type, event.action, event.container_id, event.network_id
        if key in self._seen:
            return
        self._seen[key] = None
        if not event.swarm:  # those carry the manager's clock
            self._last_nano = max(self._last_nano, event.time_nano)
        kind = event.type, event.action
        self.counts[kind if kind in self.counts or len(self.counts) < self._limits.event_kinds else OTHER] += 1
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
