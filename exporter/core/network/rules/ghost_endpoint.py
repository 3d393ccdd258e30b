"""Docker lists an endpoint whose container is gone: its address and its name stay taken.

Guard: endpoints that Docker makes for itself (`lb-…`, `ingress-sbox`, `gateway_…` on docker_gwbridge) have no
container; a starting container's endpoint is listed before its sandbox; networks are read again once a minute, so
the list may be older than the container's end.
"""

from collections.abc import Iterator
from string import hexdigits

from exporter.core.findings.finding import WARNING, Finding
from exporter.core.model.docker import Inventory, Member, Network
from exporter.core.network.context import Scene

KIND = "ghost_endpoint"
GRACE = 90.0
ID_LENGTH = 64
NO_SANDBOX = "ep-"  # stands before the endpoint's id where the engine knows no sandbox, and so no container
GATEWAY_NETWORK, GATEWAY = "docker_gwbridge", "gateway_"


def check(scene: Scene) -> Iterator[Finding]:
    """Report those that have stood for long enough."""
    for network, member in suspects(scene) if scene.seen_since else ():
        if scene.seen_since.get((KIND, network.id, member.endpoint_id), 0.0) > GRACE:
            subject = member.name or member.endpoint_id
            where = f" with {member.ip_address}" if member.ip_address else ""
            detail = f"network {network.name} lists an endpoint {subject}{where} whose container is gone"
            yield Finding(KIND, WARNING, network.name, subject, detail)


def suspects(scene: Scene) -> Iterator[tuple[Network, Member]]:
    """Find members that should be containers and are none."""
    inventory = scene.topology.inventory
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
