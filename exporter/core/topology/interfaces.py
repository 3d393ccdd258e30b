"""The device of an endpoint inside its container: by its MAC address, else by its IP address. Never a guess."""

from collections.abc import Iterable
from ipaddress import ip_address, ip_network

from exporter.core.model.docker import Endpoint, Interface

LOOPBACK = "lo"


def interface_of(endpoint: Endpoint, kind: str, interfaces: Iterable[Interface]) -> Interface | None:
    """Return the one device that has an endpoint's address, among those of a kind and those whose kind is unknown.

    Docker reports no MAC address for ipvlan: all of its devices have that of their parent.
    """
    possible = [one for one in interfaces if one.kind in (kind, "") and one.name != LOOPBACK]
    for matches in (
        [one for one in possible if endpoint.mac_address and one.mac_address == endpoint.mac_address],
        [one for one in possible if _has_address(one, endpoint)],
    ):
        if len(matches) == 1:
            return matches[0]
    return None


def _has_address(interface: Interface, endpoint: Endpoint) -> bool:
    addresses = [ip_address(text) for text in (endpoint.ip_address, endpoint.ip6_address) if text]
    networks = [ip_network(text) for text in interface.networks]
    return any(address in network for address in addresses for network in networks)
