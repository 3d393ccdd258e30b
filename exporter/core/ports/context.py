"""What the rules about ports look at. None is unknown, and a rule that needs it is not evaluated."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any

from exporter.core.model.docker import Container, Inventory
from exporter.core.model.inventory import SHARES_NAMESPACE
from exporter.core.model.sockets import CONTAINER, PROCESS, BoundSocket, HostSockets, Listener, ListeningSocket, Owner
from exporter.core.nat.redirects import Redirect
from exporter.core.ports.conflict import Place
from exporter.core.ports.overlap import overlaps
from exporter.core.topology.topology import Topology

Port = tuple[str, int]  # protocol and number

NOTHING: Mapping[Any, Any] = MappingProxyType({})  # one object: what is not read does not change
HOST = "host"
BEYOND_STARTING = ("removing", "dead")
DEEPEST = 8  # how many times a container may share the namespace of one that shares another's
READ_PROTOCOLS = ("tcp", "udp")  # whose sockets are read; SCTP's are not


@dataclass(frozen=True, slots=True)
class Refusal:
    """A container's bind that the kernel refused; `insists` when it went on trying, `cgroup_id` is who it was."""

    insists: bool
    cgroup_id: int = 0


@dataclass(frozen=True, slots=True)
class PortReadings:
    """What was read of ports, each value the same object while it did not change.

    `namespaces`: container id -> listeners in its network namespace. `redirects` are None until NAT is read.
    `reserved` are the ranges of net.ipv4.ip_local_reserved_ports, None when not read. `bound`: what was found when it
    was asked who else uses a port. `refused`: container id -> what the kernel refused it.
    """

    sockets: HostSockets | None = None
    namespaces: Mapping[str, tuple[ListeningSocket, ...]] | None = None
    redirects: tuple[Redirect, ...] | None = None
    reserved: tuple[tuple[int, int], ...] | None = None
    bound: Mapping[Port, tuple[BoundSocket, ...]] = field(default_factory=lambda: NOTHING)
    refused: Mapping[str, Mapping[Place, Refusal]] = field(default_factory=lambda: NOTHING)

    def same_as(self, other: "PortReadings") -> bool:
        """Whether nothing was read anew."""
        return all(getattr(self, f.name) is getattr(other, f.name) for f in fields(self))


@dataclass(frozen=True, slots=True)
class PortScene:
    """One moment: `now` is Unix time. Made by `port_scene`, which fills in what is derived.

    `here` says that this is the engine's network namespace. `listeners` are the host's by protocol and port, `spaces`:
    container id -> id of the container whose network namespace it shares, or HOST; '' where that is not known.
    `earlier`: container name -> the host's ports that a container of that name has held.
    """

    topology: Topology
    readings: PortReadings
    now: float
    here: bool
    listeners: Mapping[Port, tuple[Listener, ...]]
    spaces: Mapping[str, str]
    earlier: Mapping[str, frozenset[Port]] = field(default_factory=dict)

    @property
    def inventory(self) -> Inventory:
        """What Docker says."""
        return self.topology.inventory

    def containers(self, *, live: bool) -> Iterator[Container]:
        """The containers that were inspected and are live, or are down and could be started."""
        found = (c for c in self.inventory.containers.values() if c.details is not None)
        return (c for c in found if c.live is live and c.state not in BEYOND_STARTING)

    def overlapping(self, place: Place) -> list[Listener]:
        """The host's listeners that would not let anybody else bind there."""
        wanted = wanted_socket(place)
        found = self.listeners.get(place.on_any_address, ())
        return [listener for listener in found if overlaps(listener.socket, wanted)]

    def others(self, place: Place, container: Container) -> list[Listener]:
        """The same without the container's own, those first whose owner is known."""
        found = [listener for listener in self.overlapping(place) if not is_own(listener.owner, container)]
        return sorted(found, key=lambda listener: not listener.owner.told)

    def inside(self, container: Container) -> tuple[ListeningSocket, ...] | None:
        """What listens in the container's network namespace, whoever made it; None when it was not read."""
        return (self.readings.namespaces or {}).get(self.space(container))

    def space(self, container: Container) -> str:
        """Whose network namespace the container is in: HOST, or a container's id; '' when not known."""
        return self.spaces.get(container.id, container.id)


def port_scene(
    topology: Topology,
    readings: PortReadings,
    now: float,
    earlier: Mapping[str, frozenset[Port]] | None = None,
) -> PortScene:
    """Make the scene of a moment. In another network namespace than the engine's no listener is the host's."""
    here = topology.host_netns_visible
    by_port: dict[Port, list[Listener]] = {}
    for listener in readings.sockets.listeners if here and readings.sockets else ():
        by_port.setdefault((listener.socket.protocol, listener.socket.port), []).append(listener)
    return PortScene(
        topology=topology,
        readings=readings,
        now=now,
        here=here,
        listeners={port: tuple(found) for port, found in by_port.items()},
        spaces=_spaces(topology.inventory),
        earlier=earlier or {},
    )


def wanted_socket(place: Place) -> ListeningSocket:
    """What the engine would bind for a published port: of `::` IPv6 alone."""
    return ListeningSocket(place.protocol, place.address, place.port, v6only=place.address == "::")


def is_own(owner: Owner, container: Container) -> bool:
    """Whether a listener is the container's, or one that the engine made for it."""
    if owner.kind == PROCESS:
        return False
    return owner.container_id == container.id if owner.container_id else owner.name == container.name


def is_dockers(owner: Owner) -> bool:
    """Whether the engine made the listener, to publish a port."""
    return owner.kind not in (CONTAINER, PROCESS)


def _spaces(inventory: Inventory) -> dict[str, str]:
    by_name = {container.name: container for container in inventory.containers.values()}
    found = {}
    for container in inventory.containers.values():
        if container.network_mode in SHARES_NAMESPACE:
            owner: Container | None = container
            for _ in range(DEEPEST):
                if owner is None or owner.network_mode != "container":
                    break
                # Docker makes an id of a name, and takes either.
                owner = inventory.containers.get(owner.network_owner) or by_name.get(owner.network_owner)
            found[container.id] = _space_of(owner)
    return found


def _space_of(owner: Container | None) -> str:
    if owner is None or owner.network_mode == "container":
        return ""
    return HOST if owner.network_mode == HOST else owner.id
