"""What port rules evaluate. None is unknown: a rule that needs it is not evaluated."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from msgspec import Struct, field
from msgspec.structs import fields

from exporter.core.findings.rule import Input
from exporter.core.model.docker import Container, Inventory
from exporter.core.model.inventory import SHARES_NAMESPACE
from exporter.core.model.sockets import (
    CONTAINER,
    PROCESS,
    BoundSocket,
    HostSockets,
    Listener,
    ListeningSocket,
    Owner,
    PortKey,
)
from exporter.core.nat.redirects import Redirect
from exporter.core.ports.listen_address import ListenAddress
from exporter.core.ports.overlap import overlaps
from exporter.core.topology.topology import Topology

EMPTY: Mapping[Any, Any] = MappingProxyType({})  # one object: what is not read does not change
NO_CONTAINERS: frozenset[str] = frozenset()
HOST = "host"
BEYOND_STARTING = ("removing", "dead")
MAX_DEPTH = 8  # of containers that share the namespace of one that shares another's
READ_PROTOCOLS = ("tcp", "udp")  # whose sockets are read; SCTP's are not


class Refusal(Struct, frozen=True):
    """A container's bind that the kernel refused; `retrying` when it was tried again, `cgroup_id` of the process."""

    retrying: bool
    cgroup_id: int = 0


class PortReadings(Struct, frozen=True):
    """What was read of ports, each value the same object while it did not change.

    `namespaces`: container id -> listeners in its network namespace. `redirects` are None until NAT is read.
    `reserved` are the ranges of net.ipv4.ip_local_reserved_ports, None when not read. `bound`: port -> the sockets
    that use it, as last looked up. `refused`: container id -> its refused binds. `redirected`: ids of the containers in
    whose network namespace a NAT chain of the prerouting hook has rules.
    """

    sockets: HostSockets | None = None
    namespaces: Mapping[str, tuple[ListeningSocket, ...]] | None = None
    redirects: tuple[Redirect, ...] | None = None
    reserved: tuple[tuple[int, int], ...] | None = None
    bound: Mapping[PortKey, tuple[BoundSocket, ...]] = field(default_factory=lambda: EMPTY)
    refused: Mapping[str, Mapping[ListenAddress, Refusal]] = field(default_factory=lambda: EMPTY)
    redirected: frozenset[str] = NO_CONTAINERS

    def same_as(self, other: "PortReadings") -> bool:
        """Whether nothing was read anew."""
        return all(getattr(self, f.name) is getattr(other, f.name) for f in fields(self))


class PortContext(Struct, frozen=True):
    """One moment: `now` is Unix time. Made by `port_context`, which derives the rest.

    `host_netns_visible`: the readings are of the engine's network namespace. `listeners` are the host's. `netns`:
    container id -> id of the container whose network namespace it shares, or HOST; '' where that is not known.
    `started`: container name -> start time (Unix time). `held_before`: container name -> the host's ports that a
    container of that name has held. `served_before`: container id -> ports of its namespace that it has listened on.
    `inspected`: whether live -> the containers.
    """

    topology: Topology
    readings: PortReadings
    now: float
    host_netns_visible: bool
    listeners: Mapping[PortKey, tuple[Listener, ...]]
    netns: Mapping[str, str]
    started: Mapping[str, float]
    held_before: Mapping[str, frozenset[PortKey]] = field(default_factory=dict)
    served_before: Mapping[str, frozenset[PortKey]] = field(default_factory=dict)
    inspected: Mapping[bool, tuple[Container, ...]] = field(default_factory=dict)

    @property
    def inventory(self) -> Inventory:
        """What Docker reports."""
        return self.topology.inventory

    def containers(self, *, live: bool) -> tuple[Container, ...]:
        """The containers that were inspected and are live, or are down and could be started."""
        return self.inspected.get(live, ())

    def overlapping(self, place: ListenAddress) -> list[Listener]:
        """The host's listeners that prevent another bind there."""
        wanted = wanted_socket(place)
        found = self.listeners.get(place.port_key, ())
        return [listener for listener in found if overlaps(listener.socket, wanted)]

    def others(self, place: ListenAddress, container: Container) -> list[Listener]:
        """The same without the container's own, those with a known owner first."""
        found = [listener for listener in self.overlapping(place) if not is_own(listener.owner, container)]
        return sorted(found, key=lambda listener: not listener.owner.known)

    def listeners_in(self, container: Container) -> tuple[ListeningSocket, ...] | None:
        """The listening sockets of the container's network namespace, of any owner; None when not read."""
        return (self.readings.namespaces or {}).get(self.netns_of(container))

    def is_redirected(self, container: Container) -> bool:
        """Whether NAT rules in the container's network namespace may lead its ports elsewhere."""
        return self.netns_of(container) in self.readings.redirected

    def netns_of(self, container: Container) -> str:
        """The network namespace that the container is in: HOST, or the id of its owner; '' when not known."""
        return self.netns.get(container.id, container.id)

    def missing(self) -> frozenset[Input]:
        """The inputs that are not there."""
        readings = self.readings
        absent = {
            Input.ENGINE: not self.inventory.connected,
            Input.HOST_NETWORK: not self.host_netns_visible,
            Input.SOCKETS: readings.sockets is None,
            Input.SOCKET_OWNERS: readings.sockets is not None and not readings.sockets.complete,
            Input.NAMESPACE_SOCKETS: readings.namespaces is None,
            Input.NAT: readings.redirects is None,
            Input.RESERVED_PORTS: readings.reserved is None,
        }
        return frozenset(one for one, is_missing in absent.items() if is_missing)


def port_context(
    topology: Topology,
    readings: PortReadings,
    now: float,
    held_before: Mapping[str, frozenset[PortKey]] | None = None,
    served_before: Mapping[str, frozenset[PortKey]] | None = None,
) -> PortContext:
    """Derive what the rules need. In another network namespace than the engine's no listener is the host's."""
    visible = topology.host_netns_visible
    by_port: dict[PortKey, list[Listener]] = {}
    for listener in readings.sockets.listeners if visible and readings.sockets else ():
        by_port.setdefault((listener.socket.protocol, listener.socket.port), []).append(listener)
    return PortContext(
        topology=topology,
        readings=readings,
        now=now,
        host_netns_visible=visible,
        listeners={port: tuple(found) for port, found in by_port.items()},
        netns=_netns(topology.inventory),
        started={c.name: c.details.started for c in topology.inventory.containers.values() if c.details},
        held_before=held_before or {},
        served_before=served_before or {},
        inspected=_inspected(topology.inventory),
    )


def _inspected(inventory: Inventory) -> Mapping[bool, tuple[Container, ...]]:
    found: dict[bool, list[Container]] = {True: [], False: []}
    for container in inventory.containers.values():
        if container.details is not None and container.state not in BEYOND_STARTING:
            found[container.live].append(container)
    return {live: tuple(containers) for live, containers in found.items()}


def wanted_socket(place: ListenAddress) -> ListeningSocket:
    """What the engine would bind for a published port: of `::` IPv6 alone."""
    return ListeningSocket(place.protocol, place.address, place.port, v6only=place.address == "::")


def is_own(owner: Owner, container: Container) -> bool:
    """Whether a listener is the container's, or one that the engine made for it."""
    if owner.kind == PROCESS:
        return False
    return owner.container_id == container.id if owner.container_id else owner.name == container.name


def is_docker_proxy(owner: Owner) -> bool:
    """Whether the listener publishes a port of this engine: docker-proxy, or the engine in its place."""
    return owner.kind not in (CONTAINER, PROCESS) and not owner.foreign_target


def _netns(inventory: Inventory) -> dict[str, str]:
    by_name = {container.name: container for container in inventory.containers.values()}
    found = {}
    for container in inventory.containers.values():
        if container.network_mode in SHARES_NAMESPACE:
            owner: Container | None = container
            for _ in range(MAX_DEPTH):
                if owner is None or owner.network_mode != "container":
                    break
                # Docker makes an id of a name, and takes either.
                owner = inventory.containers.get(owner.network_owner) or by_name.get(owner.network_owner)
            found[container.id] = _netns_of(owner)
    return found


def _netns_of(owner: Container | None) -> str:
    if owner is None or owner.network_mode == "container":
        return ""
    return HOST if owner.network_mode == HOST else owner.id
