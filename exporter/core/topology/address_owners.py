"""The owner of each address on the host's bridge networks, docker_gwbridge included.

A port that a container on an overlay publishes is forwarded to the container's address on the gateway bridge. Only the
inspect of that network lists it (Engine API: GET /networks/ID, Containers).
"""

from collections.abc import Mapping

from msgspec import Struct

from exporter.core.model.docker import Inventory
from exporter.core.model.memo import IdentityMemo

INGRESS_SANDBOX = "ingress-sbox"  # in place of a container's id: the sandbox of Swarm's routing mesh


class AddressOwner(Struct, frozen=True):
    """A container by its name, or an endpoint of the engine's own such as Swarm's ingress, and the network's name.

    `is_container` is False for the latter.
    """

    container: str
    network: str
    container_id: str = ""
    is_container: bool = True


def _owners(inventory: Inventory) -> Mapping[str, AddressOwner]:
    found: dict[str, AddressOwner] = {}
    for network in inventory.networks.values():
        for member in inventory.members.get(network.id, ()) if network.bridge else ():
            container = inventory.containers.get(member.container_id)
            name = container.name if container else member.name
            ingress = member.container_id == INGRESS_SANDBOX
            owner = AddressOwner(name, network.name, member.container_id, is_container=not ingress)
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
