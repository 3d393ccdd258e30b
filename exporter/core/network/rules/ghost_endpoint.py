"""Docker lists an endpoint whose container is gone: its address and its name stay taken.

Guard: endpoints that Docker makes for itself (`lb-…`, `ingress-sbox`, `gateway_…` on docker_gwbridge) have no
container; a starting container's endpoint is listed before its sandbox; networks are read again once a minute, so
the list may be older than the container's end, which the rule's hold covers.
"""

from collections.abc import Iterator
from string import hexdigits

from exporter.core.findings.finding import WARNING, Finding
from exporter.core.model.docker import Inventory, Member, Network
from exporter.core.network.context import NetworkContext, finding

KIND = "ghost_endpoint"
ID_LENGTH = 64
NO_SANDBOX = "ep-"  # prefix of the endpoint's id where the engine has no sandbox, and so no container
GATEWAY_NETWORK, GATEWAY = "docker_gwbridge", "gateway_"


def check(context: NetworkContext) -> Iterator[Finding]:
    """Find the members that should be containers and are none."""
    for network, member in _ghosts(context):
        subject = member.name or member.endpoint_id
        where = f" with {member.ip_address}" if member.ip_address else ""
        detail = f"network {network.name} lists an endpoint {subject}{where} whose container is gone"
        yield finding(KIND, WARNING, network.name, subject, detail, key=(network.id, member.endpoint_id))


def _ghosts(context: NetworkContext) -> Iterator[tuple[Network, Member]]:
    inventory = context.topology.inventory
    for network_id, members in inventory.members.items():
        network = inventory.networks.get(network_id)
        for member in members if network else ():
            gone = member.container_id not in inventory.containers
            if network and gone and _should_be_one(network, member) and not _lives(inventory, member):
                yield network, member


def _should_be_one(network: Network, member: Member) -> bool:
    if network.name == GATEWAY_NETWORK and member.name.startswith(GATEWAY):
        return False
    key = member.container_id
    return key.startswith(NO_SANDBOX) or (len(key) == ID_LENGTH and set(key) <= set(hexdigits))


def _lives(inventory: Inventory, member: Member) -> bool:
    return any(
        endpoint.endpoint_id == member.endpoint_id
        for container in inventory.containers.values()
        for endpoint in container.endpoints
    )
