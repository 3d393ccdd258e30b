"""What the kernel has to keep of connections, from an inventory and the host's addresses."""

from collections.abc import Iterable, Iterator
from ipaddress import ip_address

from exporter.core.connections.reading import Interest, Near
from exporter.core.model.docker import Inventory
from exporter.core.topology.subnets import parse_subnet

LOOPBACK = ("127.0.0.0/8", "::1/128")
TCP = "tcp"


def interest(inventory: Inventory, host_addresses: Iterable[str]) -> Interest:
    """Return the subnets, the host's addresses with the gateways, and the published TCP ports.

    A gateway is the host's where the network has a bridge.
    """
    near = dict.fromkeys(_subnets(inventory), Near.SUBNET)
    near |= {prefix: Near.HOST for address in host_addresses if (prefix := _prefix(address))}
    near |= {prefix: Near.HOST for address in _gateways(inventory) if (prefix := _prefix(address))}
    near |= dict.fromkeys(LOOPBACK, Near.LOOPBACK)
    return Interest(near, frozenset(_published(inventory)))


def _subnets(inventory: Inventory) -> Iterator[str]:
    for network in inventory.networks.values():
        for subnet in network.subnets:
            if parsed := parse_subnet(subnet.subnet):
                yield str(parsed)


def _gateways(inventory: Inventory) -> Iterator[str]:
    for network in inventory.networks.values():
        if network.bridge:
            yield from (subnet.gateway for subnet in network.subnets)


def _prefix(address: str) -> str:
    """Return an address as a network of one; '' for text that is not an address, or loopback."""
    try:
        parsed = ip_address(address.partition("/")[0].partition("%")[0])
    except ValueError:
        return ""
    return "" if parsed.is_loopback or parsed.is_link_local else f"{parsed}/{parsed.max_prefixlen}"


def _published(inventory: Inventory) -> Iterator[int]:
    for container in inventory.containers.values():
        if container.live and container.details:
            yield from (b.host_port for b in container.details.published if b.protocol == TCP and b.host_port)
    yield from (port.host_port for port in inventory.mesh_ports)
