"""Follow the engine: one thread reads events, a few inspect, and one alone changes the inventory."""

import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from exporter.core.model.docker import Inventory
from exporter.core.observation import RESYNC_REASONS, EngineStats
from exporter.docker_engine.client import EngineClient
from exporter.docker_engine.event_reader import EventReader
from exporter.docker_engine.inspector import Inspector
from exporter.docker_engine.inventory_loop import InventoryLoop
from exporter.docker_engine.settings import LIMITS, TIMING, Limits, Timing
from exporter.docker_engine.tls import EngineTls
from exporter.log import get_logger

STOP_SECONDS = 0.5

log = get_logger(component="inventory")


class EngineWatcher:
    """Keeps an Inventory current and hands each new one to `publish`, from one thread; it must not block.

    `on_idle` is called once after each series of changes.
    """

    def __init__(
        self,
        host: str,
        find_pid: Callable[[str], int],
        publish: Callable[[Inventory], None],
        on_idle: Callable[[], None] = lambda: None,
        *,
        timing: Timing = TIMING,
        limits: Limits = LIMITS,
        tls: EngineTls | None = None,
    ) -> None:
        def client() -> EngineClient:
            return EngineClient(host, timing, limits, tls)

        messages: queue.Queue[object] = queue.Queue(limits.queue)
        self._messages = messages
        self._stopped = threading.Event()
        self._reader = EventReader(client(), messages, self._stopped, limits)
        self._inspector = Inspector(client, messages, timing.poll)
        self._loop = InventoryLoop(client(), self._inspector, messages, find_pid, publish, on_idle, timing)
        self._threads = [
            threading.Thread(target=self._reader.run, name="events", daemon=True),
            threading.Thread(target=self._loop.run, args=(self._stopped,), name="inventory", daemon=True),
        ]
        self._started = time.time()

    def start(self) -> None:
        """Begin to follow; the engine may be away."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Request the threads to end, and wait a moment: they are daemons, for one may wait for a silent engine."""
        self._stopped.set()
        with suppress(queue.Full):  # who has messages does not wait
            self._messages.put_nowait(None)
        for thread in self._threads:
            if thread.name == "inventory" and thread.ident:
                thread.join(STOP_SECONDS)
        self._inspector.stop()

    def waiting_for(self) -> str:
        """Return what is not read yet; '' once the engine was read whole, or found to be away."""
        return "" if self._loop.complete or self._reader.failed else "the engine"

    def stats(self) -> EngineStats:
        """Return the counts so far."""
        return EngineStats(
            started=self._started,
            stream_connected=self._reader.connected,
            events=dict(self._reader.counts),
            reconnects=max(0, self._reader.reconnects),
            resyncs={reason: self._loop.resyncs[reason] for reason in RESYNC_REASONS},
            listed_at=self._loop.listed_at,
        )
