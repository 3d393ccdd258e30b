"""Follow the engine: an event only says what to look at again, an inspect says what is.

Subscribe, list, follow; and start over on doubt.
"""

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import structlog

from exporter.core.model.docker import Container, Inventory
from exporter.core.model.inventory import (
    disconnected,
    sandboxed,
    with_container,
    with_inspect,
    with_listing,
    with_networks,
    without_container,
)
from exporter.core.observation import RESYNC_REASONS, EngineStats
from exporter.core.ports.container_failures import with_previous_log
from exporter.docker_engine.client import EngineClient
from exporter.docker_engine.event_reader import DISCONNECTED, OVERFLOW, EventReader, Item
from exporter.docker_engine.inspector import Answer, Inspector
from exporter.docker_engine.parse import Event
from exporter.errors import EngineError

QUEUE = 10_000
RESYNC_SECONDS = 60.0  # bounds what the engine changed without an event, or dropped
STOP_SECONDS = 0.5
TICK_SECONDS = 0.2  # how soon a failed request is tried again, and how soon the thread notices that it should stop

# Container actions that change nothing of the inventory; health checks alone make three of them per check.
NOISE = ("exec_", "health_status", "top", "attach", "detach", "resize", "archive-path", "extract-to-dir", "export")
WITHOUT_MEMBERS = frozenset({"host", "null"})  # drivers whose members have no address
ENDPOINT_ACTIONS = frozenset({"connect", "disconnect"})

log = structlog.get_logger(component="inventory")


class EngineWatcher:
    """Keeps an Inventory current and hands each new one to `publish`, from one thread."""

    def __init__(
        self,
        host: str,
        find_pid: Callable[[str], int],
        publish: Callable[[Inventory], None],
        when_calm: Callable[[], None] = lambda: None,
    ) -> None:
        self._host = host
        self._find_pid = find_pid
        self._publish = publish
        self._when_calm = when_calm
        self._calm = True  # nothing changed for a while, whatever was heard
        self._changed_at = 0.0
        self._complete = False  # once: everything is listed, and what the list lacks is inspected
        self._queue: queue.Queue[Item | Answer] = queue.Queue(QUEUE)
        self._stopped = threading.Event()
        self._reader = EventReader(EngineClient(host), self._queue, self._stopped)
        self._client = EngineClient(host)
        self._inspector = Inspector(host, self._queue)
        self._threads = [
            threading.Thread(target=run, name=name, daemon=True)
            for name, run in (("events", self._reader.run), ("inventory", self._run))
        ]
        self._inventory = Inventory()
        self._networks_changed = False
        self._started = time.time()
        self._resync = ""
        self._next_resync = 0.0
        self._resyncs = dict.fromkeys(RESYNC_REASONS, 0)

    def start(self) -> None:
        """Begin to follow; the engine may be away."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ask the threads to end, and wait a moment: they are daemons, for one may wait for a silent engine."""
        self._stopped.set()
        for thread in self._threads:
            if thread.name == "inventory" and thread.ident:
                thread.join(STOP_SECONDS)
        self._inspector.stop()

    def waiting_for(self) -> str:
        """Say what the first answer is awaited of; '' once the engine was read whole, or found to be away."""
        return "" if self._complete or self._reader.failed else "the engine"

    def stats(self) -> EngineStats:
        """Return the counts so far."""
        return EngineStats(
            started=self._started,
            stream_connected=self._reader.connected,
            events=dict(self._reader.counts),
            reconnects=max(0, self._reader.reconnects),
            resyncs=dict(self._resyncs),
        )

    def _run(self) -> None:
        while not self._stopped.is_set():
            before = self._inventory
            try:
                for item in self._items():
                    self._take(item)
                self._look_again()
                self._settle(before)
            except Exception:
                # One answer that cannot be understood must not end the following; the list puts things right.
                log.exception("inventory could not be brought up to date")
                self._next_resync = 0.0
                self._stopped.wait(TICK_SECONDS)

    def _settle(self, before: Inventory) -> None:
        """Publish what changed, and tell once that no more of it follows."""
        if self._inventory is not before:
            self._publish(self._inventory)
            self._calm, self._changed_at = False, time.monotonic()
        elif not self._calm and time.monotonic() - self._changed_at > TICK_SECONDS:
            self._calm = True
            self._when_calm()
        self._complete |= self._inventory.synced_at > 0 and (self._calm or not self._inspector.busy())

    def _items(self) -> list[Item | Answer]:
        """Everything that is waiting, after waiting a moment for the first of it."""
        items: list[Item | Answer] = []
        try:
            items.append(self._queue.get(timeout=TICK_SECONDS))
            while True:
                items.append(self._queue.get_nowait())
        except queue.Empty:
            return items

    def _take(self, item: Item | Answer) -> None:
        if isinstance(item, Answer):
            self._learn(item)
        elif isinstance(item, Event):
            self._hear(item)
        elif item == DISCONNECTED:
            self._inventory, self._resync = disconnected(self._inventory), ""
        elif item == OVERFLOW:
            self._resync = "overflow"
            self._inspector.forget()
        else:
            self._resync = "reconnect" if self._inventory.synced_at else "start"

    def _hear(self, event: Event) -> None:
        if event.container_id and not event.action.startswith(NOISE):
            self._inspector.ask(("container", event.container_id))
        if not event.network_id:
            return
        if event.action not in ENDPOINT_ACTIONS or event.network_id not in self._inventory.networks:
            self._networks_changed = True
        if event.action != "destroy":
            self._inspector.ask(("network", event.network_id))

    def _learn(self, answer: Answer) -> None:
        if not self._inspector.settle(answer):
            return
        kind, key = answer.subject
        if isinstance(answer.found, Container):
            known = self._inventory.containers.get(key)
            self._inventory = with_container(self._inventory, with_previous_log(known, answer.found))
        elif kind == "network":
            self._inventory = with_inspect(self._inventory, key, answer.found)
        else:
            self._inventory = without_container(self._inventory, key)

    def _look_again(self) -> None:
        """Do what is due once the events are heard: the full list, the networks, inspects that got no answer."""
        try:
            if self._resync or (self._inventory.connected and time.monotonic() > self._next_resync):
                self._list_all(self._resync or "periodic")
            elif self._networks_changed and self._inventory.connected:
                self._inventory = with_networks(self._inventory, self._client.networks())
                self._networks_changed = False
        except EngineError as error:
            self._client.close()
            if self._inventory.connected:
                log.warning("engine does not answer a list", reason=str(error))
            self._inventory, self._resync = disconnected(self._inventory), self._resync or "reconnect"
        if self._inventory.connected:
            self._inspector.retry()

    def _list_all(self, reason: str) -> None:
        known = self._inventory.engine
        engine = self._client.engine() if known is None or reason == "reconnect" else known
        containers, networks = self._client.containers(), self._client.networks()
        self._inventory = self._with_pids(with_listing(self._inventory, engine, containers, networks, time.time()))
        self._inspect_listed(everything=reason != "periodic")
        self._resync, self._networks_changed = "", False
        self._next_resync = time.monotonic() + RESYNC_SECONDS
        self._resyncs[reason] += 1
        for network in networks:
            if network.driver not in WITHOUT_MEMBERS:
                self._inspector.ask(("network", network.id))
        if reason != "periodic":
            log.info("inventory read", reason=reason, engine=engine.version, containers=len(containers))

    def _with_pids(self, inventory: Inventory) -> Inventory:
        """Find the processes of live containers by their cgroups: faster than to inspect what has just been listed."""
        found = {c.id: replace(c, pid=c.pid or self._find_pid(c.id)) for c in sandboxed(inventory)}
        return replace(inventory, containers={**inventory.containers, **found})

    def _inspect_listed(self, *, everything: bool) -> None:
        """Inspect what was listed, after doubt all of it; else what is not known, and what may have failed to start.

        A start that fails changes nothing in the list, and an event that tells of it may be lost.
        """
        without_pid = {c.id for c in sandboxed(self._inventory) if not c.pid}
        for container in self._inventory.containers.values():
            details = container.details
            startable = details is not None and bool(details.bindings) and not container.live
            if everything or details is None or startable or container.id in without_pid:
                self._inspector.ask(("container", container.id))
