"""The owner of each address on the host's bridge networks, docker_gwbridge included.

A port that a container on an overlay publishes is forwarded to the container's address on the gateway bridge. Only the
inspect of that network lists it (Engine API: GET /networks/ID, Containers).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from exporter.core.model.docker import Inventory
from exporter.core.model.memo import IdentityMemo


@dataclass(frozen=True, slots=True)
class AddressOwner:
    """A container by its name, or a pseudo endpoint of the engine such as ingress-sbox, and the network's name."""

    container: str
    network: str
    container_id: str = ""


def _owners(inventory: Inventory) -> Mapping[str, AddressOwner]:
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


# Address -> owner, made once for each inventory. A container's own entry takes precedence over a network's member.
address_owners = IdentityMemo(_owners)
