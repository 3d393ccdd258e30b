"""Who follows an engine in a test."""

import gc
import threading
import warnings
from collections.abc import Callable

from exporter.core.model.docker import Container, Inventory, Network
from exporter.docker_engine.watcher import EngineWatcher
from tests.support.fake_engine import FakeEngine
from tests.support.waiting import until

SECONDS = 60.0


THREADS = {"events", "inventory", "inspect"}


class Follower:
    """An EngineWatcher and the inventory that it published last."""

    def __init__(self, engine: FakeEngine) -> None:
        self.inventory = Inventory()
        self.published = 0
        self.watcher = EngineWatcher(engine.url, lambda _: 0, self._accept)
        self._engine = engine

    def _accept(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self.published += 1

    def synced(self) -> "Follower":
        """Follow, once the first list and all inspects of it are in."""
        self.watcher.start()
        self.wait(lambda: self.inventory.connected and self.settled(), "a first inventory")
        return self

    def close(self) -> None:
        """Stop, and wait for the end of the threads: their sockets are closed then."""
        self.watcher._stopped.set()
        self._engine.vanish()  # which wakes who waits for something to happen
        self.watcher.stop()
        until(lambda: not THREADS & {thread.name for thread in threading.enumerate()}, SECONDS, "the threads' end")
        self.watcher._client.close()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()

    def settled(self) -> bool:
        """Every live container was inspected, and every network's members."""
        inventory = self.inventory
        return all(c.pid for c in inventory.containers.values() if c.live) and (
            inventory.members.keys() >= inventory.networks.keys()
        )

    def wait(self, condition: Callable[[], object], what: str) -> None:
        """Wait for a condition of what was published."""
        until(condition, SECONDS, what)

    def container(self, name: str) -> Container | None:
        """The container of a name."""
        return next((c for c in self.inventory.containers.values() if c.name == name), None)

    def network(self, name: str) -> Network | None:
        """The network of a name."""
        return next((n for n in self.inventory.networks.values() if n.name == name), None)

    def resyncs(self, reason: str) -> int:
        """How often everything was read again for a reason."""
        return self.watcher.stats().resyncs[reason]
