"""The thread that alone changes the inventory: it takes messages, lists when that is due, and publishes."""

import queue
import threading
import time
from collections import Counter
from collections.abc import Callable

from exporter.core.model.docker import Inventory
from exporter.docker_engine.client import EngineClient
from exporter.docker_engine.event_reader import CONNECTED, DISCONNECTED, OVERFLOW
from exporter.docker_engine.inspector import Answer, Inspector
from exporter.docker_engine.inventory_state import InventoryState, Listing, Reason
from exporter.docker_engine.parse import Event
from exporter.docker_engine.settings import Timing
from exporter.docker_engine.start_checks import StartChecks
from exporter.errors import EngineError
from exporter.log import get_logger

log = get_logger(component="inventory")


class InventoryLoop:
    """`complete` is True once everything is listed and what the lists lack is inspected; `resyncs` are by reason."""

    def __init__(
        self,
        client: EngineClient,
        inspector: Inspector,
        messages: "queue.Queue[object]",
        find_pid: Callable[[str], int],
        publish: Callable[[Inventory], None],
        on_idle: Callable[[], None],
        timing: Timing,
    ) -> None:
        self._client, self._inspector, self._messages = client, inspector, messages
        self._find_pid, self._publish, self._on_idle = find_pid, publish, on_idle
        self._timing = timing
        self._state = InventoryState()
        self._lists = Lists(timing)
        self._start_checks = StartChecks(timing.start_checks)
        self._changed_at: float | None = None  # None when `on_idle` was called since
        self._published_at = 0.0
        self.complete = False
        self.listed_at = 0.0  # Unix time
        self.resyncs: Counter[str] = Counter()

    def run(self, stopped: threading.Event) -> None:
        """Work until stopped. One message that cannot be understood must not end it: the next list corrects it."""
        while not stopped.is_set():
            before = self._state.inventory
            try:
                messages = self._waiting()
                if stopped.is_set():
                    break
                for message in messages:
                    self._take(message)
                self._list_when_due()
                self._check_starts()
                self._publish_change(before)
            except Exception:
                log.exception("inventory update failed")
                self._lists.expire()
                stopped.wait(self._timing.poll)
        self._client.close()

    def _waiting(self) -> list[object]:
        """Return all messages, after waiting a moment for the first of them."""
        found: list[object] = []
        try:
            found.append(self._messages.get(timeout=self._rest()))
            while True:
                found.append(self._messages.get_nowait())
        except queue.Empty:
            return found

    def _rest(self) -> float:
        """Return for how many seconds nothing is due without a message."""
        state = self._state
        due = bool(state.resync) or state.networks_changed or self._start_checks.scheduled()
        settling = self._changed_at is not None or not self.complete or not self._inspector.finished()
        return self._timing.poll if due or settling else max(self._timing.poll, self._lists.due_in())

    def _take(self, message: object) -> None:
        state = self._state
        if isinstance(message, Answer):
            if self._inspector.accept_answer(message):
                state = state.after_inspect(message.subject, message.found, time.time())
        elif isinstance(message, Event):
            state = state.after_event(message)
            if any(kind == "container" for kind, _ in state.inspects):
                self._start_checks.schedule(message.container_id, time.monotonic())
        elif message == CONNECTED:
            self._lists.retry_now()
            state = state.connected()
        elif message == DISCONNECTED:
            state = state.disconnected()
        elif message == OVERFLOW:
            self._inspector.discard_pending()
            state = state.overflowed()
        self._become(state)

    def _become(self, state: InventoryState) -> None:
        if state is not self._state:
            self._state = state
            for subject in state.inspects:
                self._inspector.request(subject)

    def _check_starts(self) -> None:
        inventory = self._state.inventory
        if inventory.connected:
            for container_id in self._start_checks.take(inventory, time.monotonic()):
                self._inspector.request(("container", container_id))

    def _list_when_due(self) -> None:
        state = self._state
        try:
            reason: Reason = state.resync or ("periodic" if state.inventory.connected and self._lists.due() else "")
            if reason and self._lists.may_start():
                self._list_all(reason)
            elif state.networks_changed and state.inventory.connected:
                self._become(state.after_networks(self._client.networks()))
        except EngineError as error:
            self._client.close()
            self._lists.failed(str(error))
            self._become(self._state.list_failed())
        if self._state.inventory.connected:
            self._inspector.retry()

    def _list_all(self, reason: Reason) -> None:
        known = self._state.inventory.engine
        engine = self._client.engine() if known is None or reason == "reconnect" else known
        containers, networks = tuple(self._client.containers()), tuple(self._client.networks())
        listing = Listing(engine, containers, networks, time.time())
        self._become(self._state.after_listing(listing, reason, self._find_pid))
        self._lists.succeeded()
        self.listed_at = listing.at
        self.resyncs[reason] += 1
        if reason != "periodic":
            log.info("inventory read", reason=reason, engine=engine.version, containers=len(containers))

    def _publish_change(self, before: Inventory) -> None:
        inventory = self._state.inventory
        if inventory is not before:
            self._publish(inventory)
            self._changed_at = self._published_at = time.monotonic()
        elif self._changed_at is not None and time.monotonic() - self._changed_at > self._timing.poll:
            self._changed_at = None
            self._on_idle()
        settled = time.monotonic() - self._published_at > self._timing.settle
        self.complete |= inventory.synced_at > 0 and (settled or not self._inspector.busy())


class Lists:
    """When the next list is due, and when it may be tried again after failures; each reason is logged once in a row."""

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._due_at = self._retry_at = 0.0
        self._pause = timing.poll
        self._reason = ""

    def due(self) -> bool:
        """Whether the periodic list is due."""
        return self.due_in() < 0

    def due_in(self) -> float:
        """Return the seconds until the periodic list is due, negative after that."""
        return self._due_at - time.monotonic()

    def expire(self) -> None:
        """Make it due."""
        self._due_at = 0.0

    def retry_now(self) -> None:
        """End the pause: this is another connection."""
        self._retry_at = 0.0

    def may_start(self) -> bool:
        """Whether the pause after a failure is over."""
        return time.monotonic() >= self._retry_at

    def succeeded(self) -> None:
        """Take a list that was read."""
        self._due_at, self._pause, self._reason = time.monotonic() + self._timing.resync, self._timing.poll, ""

    def failed(self, reason: str) -> None:
        """Take a list that was not read: the pauses grow."""
        self._retry_at = time.monotonic() + self._pause
        self._pause = min(2 * self._pause, self._timing.max_pause)
        if reason != self._reason:
            log.warning("list failed, retrying", reason=reason)
            self._reason = reason
