"""What is known of an engine, and what is to be read next: a pure value, changed by each message.

Order: subscribe, list, follow events. An event only names the object to read again; the inspect holds its state. After
any inconsistency everything is listed again.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Literal, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from exporter.core.model.docker import Container, Engine, Exit, Inventory, Network, NetworkInspect
from exporter.core.model.inventory import (
    disconnected,
    sandboxed,
    with_container,
    with_inspect,
    with_listing,
    with_networks,
    without_container,
)
from exporter.core.ports.container_failures import with_previous_log, with_waiting
from exporter.docker_engine.parse import Event
from exporter.docker_engine.start_checks import may_start

# Container actions that change nothing of the inventory; health checks alone make three of them per check.
NOISE = ("exec_", "health_status", "top", "attach", "detach", "resize", "archive-path", "extract-to-dir", "export")
WITHOUT_MEMBERS = frozenset({"host", "null"})  # drivers whose members have no address
MAX_EXITS = 256
NANO = 1e9
ENDPOINT_ACTIONS = frozenset({"connect", "disconnect"})

T = TypeVar("T")
Subject = tuple[Literal["container", "network"], str]
Reason = Literal["", "start", "reconnect", "overflow", "periodic"]


class Listing(Struct, frozen=True):
    """The answers to the lists, at a moment (Unix time)."""

    engine: Engine
    containers: tuple[Container, ...]
    networks: tuple[Network, ...]
    at: float


class InventoryState(Struct, frozen=True):
    """`resync` is why everything must be listed, '' when nothing must; `inspects` are requested by the last message.

    `exits` join the inventory with the answer about their container: its event alone publishes no inventory.
    """

    inventory: Inventory = field(default_factory=Inventory)
    resync: Reason = ""
    networks_changed: bool = False
    inspects: tuple[Subject, ...] = ()
    exits: Mapping[str, Exit] = field(default_factory=dict)
    starts: Mapping[str, float] = field(default_factory=dict)  # container id -> Unix time of its last start

    def connected(self) -> "InventoryState":
        """The event stream is open."""
        return replace(self, resync="reconnect" if self.inventory.synced_at else "start", inspects=())

    def disconnected(self) -> "InventoryState":
        """The event stream has ended; the next one begins with a list."""
        return replace(self, inventory=disconnected(self.inventory), resync="", inspects=())

    def overflowed(self) -> "InventoryState":
        """Events and answers were lost."""
        return replace(self, resync="overflow", inspects=())

    def list_failed(self) -> "InventoryState":
        """The engine did not answer a list."""
        resync = self.resync or "reconnect"
        return replace(self, inventory=disconnected(self.inventory), resync=resync, inspects=())

    def after_event(self, event: Event) -> "InventoryState":
        """Request what the event may have changed."""
        inspects: list[Subject] = []
        if event.container_id and not event.action.startswith(NOISE):
            inspects.append(("container", event.container_id))
        if event.network_id and event.action != "destroy":
            inspects.append(("network", event.network_id))
        unknown = event.action not in ENDPOINT_ACTIONS or event.network_id not in self.inventory.networks
        changed = self.networks_changed or (bool(event.network_id) and unknown)
        exits, starts = _with_exit(self.exits, self.starts, event), _with_start(self.starts, event)
        return replace(self, networks_changed=changed, inspects=tuple(inspects), exits=exits, starts=starts)

    def after_inspect(self, subject: Subject, found: Container | NetworkInspect | None, now: float) -> "InventoryState":
        """Take an answer of a Unix time; None when the object is gone."""
        kind, key = subject
        if isinstance(found, Container):
            known = self.inventory.containers.get(key)
            found = with_waiting(known, with_previous_log(known, found), now)
            inventory = with_container(self.inventory, found)
        elif kind == "network":
            inventory = with_inspect(self.inventory, key, found)
        else:
            inventory = without_container(self.inventory, key)
        return replace(self, inventory=self._with_exits(inventory), inspects=())

    def _with_exits(self, inventory: Inventory) -> Inventory:
        if inventory is self.inventory or inventory.exits is self.exits:
            return inventory
        return replace(inventory, exits=self.exits)

    def after_networks(self, networks: Iterable[Network]) -> "InventoryState":
        """Take a list of the networks alone."""
        return replace(self, inventory=with_networks(self.inventory, networks), networks_changed=False, inspects=())

    def after_listing(self, listing: Listing, reason: Reason, find_pid: Callable[[str], int]) -> "InventoryState":
        """Take all lists. `find_pid` returns a container's process by its cgroup, which is faster than an inspect."""
        inventory = with_listing(self.inventory, listing.engine, listing.containers, listing.networks, listing.at)
        found = {c.id: c if c.pid else replace(c, pid=find_pid(c.id)) for c in sandboxed(inventory)}
        inventory = replace(inventory, containers={**inventory.containers, **found}, exits=self.exits)
        members: list[Subject] = [("network", n.id) for n in listing.networks if n.driver not in WITHOUT_MEMBERS]
        inspects = (*_listed(inventory, everything=reason != "periodic"), *members)
        return InventoryState(inventory, inspects=inspects, exits=self.exits, starts=self.starts)


def _with_exit(exits: Mapping[str, Exit], starts: Mapping[str, float], event: Event) -> Mapping[str, Exit]:
    key = event.container_id
    if event.exit_code is None or not key:
        return exits
    return _with_latest(exits, key, Exit(event.exit_code, event.time_nano / NANO, starts.get(key, 0.0)))


def _with_start(starts: Mapping[str, float], event: Event) -> Mapping[str, float]:
    if event.action != "start" or not event.container_id:
        return starts
    return _with_latest(starts, event.container_id, event.time_nano / NANO)


def _with_latest(found: Mapping[str, T], key: str, value: T) -> Mapping[str, T]:
    """Add a value; the oldest of MAX_EXITS is dropped."""
    kept = {other: old for other, old in found.items() if other != key}
    if len(kept) >= MAX_EXITS:
        del kept[next(iter(kept))]
    return {**kept, key: value}


def _listed(inventory: Inventory, *, everything: bool) -> Iterable[Subject]:
    """Yield all containers, or those that are not known or may have failed to start.

    A start that fails changes nothing in the list, and its event may be lost.
    """
    without_pid = {c.id for c in sandboxed(inventory) if not c.pid}
    for container in inventory.containers.values():
        if everything or container.details is None or may_start(container) or container.id in without_pid:
            yield "container", container.id
