"""The addresses and published ports of one inventory, to find the peer of a connection."""

from collections.abc import Iterator
from ipaddress import ip_address

from msgspec import Struct, field

from exporter.core.connections.pair import CONTAINER, HOST, OUTSIDE, SERVICE, TCP, UNASSIGNED
from exporter.core.model.docker import Container, Inventory

Peer = tuple[str, str]  # kind, name
WILDCARDS = frozenset({"", "0.0.0.0", "::"})
# Networks whose other addresses may be of other hosts.
BEYOND_HOST = frozenset({"macvlan", "ipvlan", "overlay"})


class PublishedTarget(Struct, frozen=True):
    """The container behind a published port, with the container's port."""

    host_ip: str
    container: str
    port: int


class Directory(Struct, frozen=True):
    """`at` is by network id and address, `networks` are the ids of those in which an address is, by the address.

    `remote` are endpoints that are not on this host and virtual addresses of services. `published` is by TCP port.
    """

    at: dict[tuple[str, str], Peer] = field(default_factory=dict)
    networks: dict[str, list[str]] = field(default_factory=dict)
    remote: dict[tuple[str, str], Peer] = field(default_factory=dict)
    drivers: dict[str, str] = field(default_factory=dict)
    published: dict[int, list[PublishedTarget]] = field(default_factory=dict)

    def publisher(self, address: str, port: int) -> PublishedTarget | None:
        """Return what is published at an address of the host; None where the port is not, or by several."""
        found = self.published.get(port, ())
        exact = [target for target in found if target.host_ip == address]
        chosen = exact or [target for target in found if target.host_ip in WILDCARDS]
        names = {(target.container, target.port) for target in chosen}
        return chosen[0] if len(names) == 1 else None

    def peer(self, local: str, remote: str) -> tuple[Peer, bool]:
        """Return who has a remote address of a Docker subnet, and whether its sockets are on this host.

        The network is that of the local address; where that is not known, the only one that has the remote one.
        """
        own = self.networks.get(local, ())
        for network in own or self.networks.get(remote, ()):
            if found := self.at.get((network, remote)):
                return found, True
            if found := self.remote.get((network, remote)):
                return found, False
        elsewhere = {
            self.at[network, remote] for network in self.networks.get(remote, ()) if (network, remote) in self.at
        }
        if len(elsewhere) == 1:
            return elsewhere.pop(), True
        if any(self.drivers.get(network) in BEYOND_HOST for network in own):
            return (OUTSIDE, ""), False
        return (UNASSIGNED, ""), True


def build_directory(inventory: Inventory, former: Directory) -> Directory:
    """Build it of an inventory; addresses that nothing has taken since keep their former owners."""
    found = Directory(drivers={network.id: network.driver for network in inventory.networks.values()})
    found.at.update({key: peer for key, peer in former.at.items() if key[0] in found.drivers})
    for container in inventory.containers.values():
        _add_container(found, container)
    for network_id, endpoints in inventory.remote.items():
        found.remote.update({(network_id, e.ip_address.partition("/")[0]): (CONTAINER, e.name) for e in endpoints})
    for network_id, services in inventory.service_addresses.items():
        found.remote.update({(network_id, address): (SERVICE, name) for address, name in services.items()})
    for network_id, address in (*found.at, *found.remote):
        found.networks.setdefault(address, []).append(network_id)
    return found


def _add_container(found: Directory, container: Container) -> None:
    for endpoint in container.endpoints if container.live else ():
        for address in (endpoint.ip_address, endpoint.ip6_address):
            if address:
                found.at[endpoint.network_id, _plain(address)] = (CONTAINER, container.name)
    for host_ip, host_port, port in _published(container):
        found.published.setdefault(host_port, []).append(PublishedTarget(host_ip, container.name, port))


def _published(container: Container) -> Iterator[tuple[str, int, int]]:
    for binding in container.details.published if container.live and container.details else ():
        if binding.protocol == TCP and binding.host_port:
            yield binding.host_ip, binding.host_port, binding.container_port


def _plain(address: str) -> str:
    """Return an address in the form in which the kernel's are written."""
    try:
        return str(ip_address(address.partition("/")[0]))
    except ValueError:
        return address


HOST_PEER: Peer = (HOST, "")
