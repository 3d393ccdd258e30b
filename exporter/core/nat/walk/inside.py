"""What conditions on devices and addresses need of the host: its uplinks, its devices, its own addresses."""

from collections.abc import Iterable, Iterator
from ipaddress import ip_address

from exporter.core.model.docker import Network
from exporter.core.model.kernel_sample import Devices
from exporter.core.nat.address_numbers import family_of, number_of, prefix_of
from exporter.core.nat.packet import Inside
from exporter.core.nat.ruleset import FAMILIES

LOOPBACK = ("127.0.0.0/8", "::1/128", "169.254.0.0/16", "fe80::/10")
LOOPBACK_DEVICE = "lo"
OF_CONTAINERS = "veth"  # the beginning of the names that an engine gives


def inside_of(networks: Iterable[Network], devices: Devices) -> Inside:
    """Describe the host of these Docker networks."""
    bridged = [network for network in networks if network.bridge]
    bridges = frozenset(network.bridge for network in bridged)
    subnets = [*LOOPBACK, *(subnet.subnet for network in bridged for subnet in network.subnets if subnet.subnet)]
    uplinks = frozenset(devices.uplinks) - bridges
    known = [link for link in devices.links.values() if link.name in uplinks or not link.name.startswith(OF_CONTAINERS)]
    return Inside(
        bridges=bridges,
        networks=tuple(prefix_of(subnet) for subnet in subnets),
        uplinks=uplinks,
        devices={link.name: link.ifindex for link in known},
        groups={link.name: link.group for link in known},
        addresses={family: frozenset(_addresses(family, uplinks, bridges, devices)) for family in FAMILIES},
        own={family: frozenset(_own(family, devices)) for family in FAMILIES},
        neighbours=dict(_neighbours(uplinks, devices)),
        links=tuple(_links(bridges, devices)),
    )


def _own(family: str, devices: Devices) -> Iterator[int]:
    for found in devices.addresses.values():
        yield from (number_of(address) for address in found if family_of(address) == family)


def _addresses(family: str, uplinks: frozenset[str], bridges: frozenset[str], devices: Devices) -> Iterator[int]:
    """The addresses at which clients outside reach the host: those of its uplinks, else of all its own devices."""
    own = {name: found for name, found in devices.addresses.items() if name not in (*bridges, LOOPBACK_DEVICE)}
    for name, found in own.items():
        if not uplinks or name in uplinks:
            for address in found:
                if family_of(address) == family and not ip_address(address).is_link_local:
                    yield number_of(address)


def _neighbours(uplinks: frozenset[str], devices: Devices) -> Iterator[tuple[str, int]]:
    """The gateway of each family: a client on the uplink's own network."""
    names = {link.ifindex: link.name for link in devices.links.values()}
    for route in devices.routes or ():
        if route.default and route.gateway and names.get(route.ifindex) in uplinks:
            yield family_of(route.gateway), number_of(route.gateway)


def _links(bridges: frozenset[str], devices: Devices) -> Iterator[tuple[int, int]]:
    """The networks on the links of other devices than Docker's bridges: another engine's, or a virtual machine's."""
    names = {link.ifindex: link.name for link in devices.links.values()}
    for route in devices.routes or ():
        if not route.default and not route.gateway and names.get(route.ifindex) not in bridges:
            yield prefix_of(str(route.destination))
