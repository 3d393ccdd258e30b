"""Join the inventory to the kernel's devices: the owner of each veth, the network of each bridge.

Ambiguous matches are handled here only. A veth belongs to the container whose namespace holds its peer (nsid), or to
the one whose MAC address a device there has; it belongs to the network whose bridge it is a port of. Where neither
is known it has no owner: never a guess.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from msgspec import Struct, field

from exporter.core.model.docker import Container, Endpoint, Inventory, Link, Network
from exporter.core.model.inventory import has_bridges, with_distinct_names
from exporter.core.model.kernel_sample import Devices, NamespaceInterface
from exporter.core.topology.interfaces import interface_of

# Drivers whose devices only the container's namespace has, and the kind of these devices.
READ_INSIDE = {"macvlan": "macvlan", "ipvlan": "ipvlan", "overlay": "veth"}
WITHOUT_DEVICES = frozenset({"host", "null"})  # drivers whose containers have no device of their own

EndpointKey = tuple[str, str]  # container id, network id


class Attachment(Struct, frozen=True):
    """A container on a network: `veth` is the host's end, None where the driver has none or it is not known.

    `interface` is its name inside the container, '' when not visible. `reading` says where its counters are read when
    not at a veth of the host: macvlan, ipvlan, overlay. `endpoint` is None for a network that Docker
    does not list under the container, such as docker_gwbridge.
    """

    container: Container
    network: Network
    endpoint: Endpoint | None = None
    veth: Link | None = None
    interface: str = ""
    reading: NamespaceInterface | None = None

    @property
    def key(self) -> EndpointKey:
        """What identifies it, whatever the names of both are."""
        return self.container.id, self.network.id


class Counted(NamedTuple):
    """An attachment whose counters are read; `reading` is the ifindex of its veth, or its endpoint's id inside."""

    attachment: Attachment
    key: EndpointKey
    reading: int | str


class Bridge(Struct, frozen=True):
    """The bridge device of a Docker network, and its number of ports."""

    link: Link
    network: Network
    ports: int


class Port(Struct, frozen=True):
    """A veth that is a port of a Docker bridge; `container` is None when its owner is unknown."""

    link: Link
    bridge: Bridge
    container: Container | None = None


class Topology(Struct, frozen=True):
    """Inventory and devices, joined. The same object while neither changed.

    `counted` are the attachments whose counters are read. `networks` are those whose
    containers have devices. `owners`: container id -> name of the container whose
    network namespace it shares. `host_netns_visible` is False when the engine has made bridges and none of
    them is among the devices, and for a rootless engine seen from outside: the devices were read in another network
    namespace than the engine's.
    """

    inventory: Inventory
    devices: Devices
    attachments: tuple[Attachment, ...] = ()
    bridges: tuple[Bridge, ...] = ()
    ports: tuple[Port, ...] = ()
    counted: tuple[Counted, ...] = ()
    readings: tuple[NamespaceInterface, ...] = ()
    networks: tuple[Network, ...] = ()
    owners: Mapping[str, str] = field(default_factory=dict)
    uplinks: tuple[Link, ...] = ()
    host_netns_visible: bool = True


def join(inventory: Inventory, devices: Devices) -> Topology:
    """Join; order is by name, so that two scrapes list their series in the same order."""
    inventory = with_distinct_names(inventory)
    elsewhere = inventory.engine is not None and inventory.engine.elsewhere
    bridges = () if elsewhere else _bridges(inventory, devices)
    ports = _ports(inventory, devices, bridges)
    attachments = _attachments(inventory, devices, ports)
    uplinks = frozenset(devices.uplinks)
    return Topology(
        inventory=inventory,
        devices=devices,
        attachments=attachments,
        bridges=bridges,
        ports=ports,
        counted=tuple(Counted(a, a.key, key) for a in attachments if (key := _reading_key(a)) is not None),
        readings=tuple(a.reading for a in attachments if a.reading is not None),
        networks=tuple(sorted(_networks(inventory), key=lambda network: network.name)),
        owners=_namespace_owners(inventory),
        uplinks=tuple(link for link in devices.links.values() if link.name in uplinks),
        host_netns_visible=not elsewhere and (bool(bridges) or not has_bridges(inventory)),
    )


def _ports(inventory: Inventory, devices: Devices, bridges: tuple[Bridge, ...]) -> tuple[Port, ...]:
    by_ifindex = {bridge.link.ifindex: bridge for bridge in bridges}
    owners = _Owners(inventory, devices)
    found = []
    for link in devices.links.values():
        bridge = by_ifindex.get(link.master_ifindex)
        if bridge is not None and link.kind == "veth":
            found.append(Port(link, bridge, owners.of(link, bridge.network)))
    return tuple(sorted(found, key=lambda port: port.link.name))


def _attachments(inventory: Inventory, devices: Devices, ports: tuple[Port, ...]) -> tuple[Attachment, ...]:
    """Those with a veth, then those known from Docker alone: of other drivers, or just created."""
    found = {
        (port.container.id, port.bridge.network.id): _attachment(
            port.container, port.bridge.network, port.link, devices
        )
        for port in ports
        if port.container is not None
    }
    for container in inventory.containers.values():
        for endpoint in container.endpoints if container.live else ():
            network = inventory.networks.get(endpoint.network_id)
            if network is not None and network.driver not in WITHOUT_DEVICES:
                place = container.id, network.id
                if place not in found:
                    found[place] = _inside(container, network, endpoint, devices)
    return tuple(sorted(found.values(), key=lambda a: (a.container.name, a.network.name)))


def _reading_key(attachment: Attachment) -> int | str | None:
    if attachment.veth is not None:
        return attachment.veth.ifindex
    return attachment.reading.key if attachment.reading is not None else None


def _networks(inventory: Inventory) -> list[Network]:
    return [network for network in inventory.networks.values() if network.driver not in WITHOUT_DEVICES]


def _inside(container: Container, network: Network, endpoint: Endpoint, devices: Devices) -> Attachment:
    """An endpoint without a veth of the host: found inside by its address among the devices of its driver's kind."""
    nsid, kind = devices.sandboxes.get(container.id), READ_INSIDE.get(network.driver)
    if kind is None or nsid is None:
        return Attachment(container, network, endpoint)
    found = interface_of(endpoint, kind, devices.interfaces.get(nsid, ()))
    if found is None:
        return Attachment(container, network, endpoint)
    reading = NamespaceInterface(endpoint.endpoint_id, container.pid, nsid, found)
    return Attachment(container, network, endpoint, interface=found.name, reading=reading)


def _bridges(inventory: Inventory, devices: Devices) -> tuple[Bridge, ...]:
    by_name = {network.bridge: network for network in inventory.networks.values() if network.bridge}
    ports: dict[int, int] = {}
    for link in devices.links.values():
        ports[link.master_ifindex] = ports.get(link.master_ifindex, 0) + 1
    found = (
        Bridge(link, by_name[link.name], ports.get(link.ifindex, 0))
        for link in devices.links.values()
        if link.kind == "bridge" and link.name in by_name
    )
    return tuple(sorted(found, key=lambda bridge: bridge.network.name))


def _attachment(container: Container, network: Network, link: Link, devices: Devices) -> Attachment:
    inside = devices.interfaces.get(link.peer_nsid, ()) if link.peer_nsid is not None else ()
    matches = [i for i in inside if i.ifindex == link.peer_ifindex]
    return Attachment(
        container=container,
        network=network,
        endpoint=next((e for e in container.endpoints if e.network_id == network.id), None),
        veth=link,
        interface=matches[0].name if matches else "",
    )


class _Owners:
    """Look-ups of the owner of a veth."""

    def __init__(self, inventory: Inventory, devices: Devices) -> None:
        self._by_nsid: dict[int, Container | None] = {}
        for container_id, nsid in devices.sandboxes.items():
            container = inventory.containers.get(container_id)
            if container is not None and container.live:
                # Two containers claim one namespace, which neither shares: one of the two answers is old.
                self._by_nsid[nsid] = None if nsid in self._by_nsid else container
        # A member is known before the inspect of a container that starts: a life may be shorter than that takes.
        members = (
            (network_id, member.mac_address, inventory.containers.get(member.container_id))
            for network_id, found in inventory.members.items()
            for member in found
        )
        self._by_mac: dict[tuple[str, str], Container | None] = {}
        for network_id, mac_address, container in (*members, *_endpoint_owners(inventory)):
            if container is not None and mac_address:
                known = self._by_mac.setdefault((network_id, mac_address), container)
                if known is None or known.id != container.id:
                    self._by_mac[network_id, mac_address] = None  # ambiguous: two have it
                else:
                    self._by_mac[network_id, mac_address] = container
        self._interfaces = devices.interfaces

    def of(self, link: Link, network: Network) -> Container | None:
        if link.peer_nsid is None:
            return None
        container = self._by_nsid.get(link.peer_nsid)
        if container is not None:
            return container
        for inside in self._interfaces.get(link.peer_nsid, ()):
            if inside.ifindex == link.peer_ifindex:
                return self._by_mac.get((network.id, inside.mac_address))
        return None


def _endpoint_owners(inventory: Inventory) -> Iterator[tuple[str, str, Container]]:
    """Yield network id, MAC address and container of each live endpoint."""
    for container in inventory.containers.values():
        if container.live:
            for endpoint in container.endpoints:
                yield endpoint.network_id, endpoint.mac_address, container


def _namespace_owners(inventory: Inventory) -> dict[str, str]:
    """Return container id -> name of the container whose network namespace it shares."""
    names = {c.name: c.name for c in inventory.containers.values()} | {
        c.id: c.name for c in inventory.containers.values()
    }
    return {c.id: names.get(c.network_owner, c.network_owner) for c in inventory.containers.values() if c.network_owner}
