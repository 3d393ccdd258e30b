"""Whose an address is that a rule names: of every bridge network, docker_gwbridge included.

A port that is published by a container on an overlay leads to its address on the gateway bridge, which only that
network's own list of members has.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address, ip_network

from exporter.core.model.docker import Inventory
from exporter.core.nat.ruleset import IP, IP6

IPV4 = 4


@dataclass(frozen=True, slots=True)
class AddressOwner:
    """A container, by its name, or a pseudo endpoint of Docker's own such as ingress-sbox, with its network's name."""

    container: str
    network: str
    container_id: str = ""


def owners(inventory: Inventory) -> Mapping[str, AddressOwner]:
    """Return address -> owner, of the networks whose device is a bridge of the host."""
    found: dict[str, AddressOwner] = {}
    for network in inventory.networks.values():
        for member in inventory.members.get(network.id, ()) if network.bridge else ():
            container = inventory.containers.get(member.container_id)
            owner = AddressOwner(container.name if container else member.name, network.name, member.container_id)
            for address in (member.ip_address, member.ip6_address):
                if address:
                    found[address] = owner
    for container in inventory.containers.values():
        for endpoint in container.endpoints if container.live else ():
            known = inventory.networks.get(endpoint.network_id)
            if known is not None and known.bridge:
                owner = AddressOwner(container.name, known.name, container.id)
                found.update((address, owner) for address in (endpoint.ip_address, endpoint.ip6_address) if address)
    return found


@lru_cache(1 << 14)
def family_of(address: str) -> str:
    """Return the family of an address or of a subnet."""
    return IP if ip_network(address, strict=False).version == IPV4 else IP6


@lru_cache(1 << 14)
def number_of(address: str) -> int:
    """Return an address as a number."""
    return int(ip_address(address))


@lru_cache(1 << 12)
def prefix_of(subnet: str) -> tuple[int, int]:
    """Return network and mask of a subnet as numbers."""
    network = ip_network(subnet, strict=False)
    return int(network.network_address), int(network.netmask)
