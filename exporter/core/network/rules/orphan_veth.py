"""A veth is a port of a Docker bridge and belongs to no endpoint.

Guard: after a live-restore they linger for up to three minutes, which the rule's hold covers; Docker's own endpoints
(`gateway_…`, `ingress-sbox`) are members of the network like any other. Where a veth's other end is not visible, it
counts as that of a member whose veth is not known.
"""

from collections.abc import Iterator

from exporter.core.findings.finding import WARNING, Finding
from exporter.core.model.docker import Network
from exporter.core.network.context import NetworkContext, finding
from exporter.core.topology.topology import Port, Topology

KIND = "orphan_veth"


def check(context: NetworkContext) -> Iterator[Finding]:
    """Find the ports without an owner that no endpoint accounts for."""
    topology = context.topology
    unowned: dict[str, list[Port]] = {}
    for port in topology.ports:
        if port.container is None and port.bridge.network.id in topology.inventory.members:
            unowned.setdefault(port.bridge.network.id, []).append(port)
    for ports in unowned.values():
        for port in _unaccounted(topology, ports):
            detail = f"{port.link.name} is a port of {port.bridge.link.name} and belongs to no endpoint"
            yield finding(KIND, WARNING, port.bridge.network.name, port.link.name, detail, key=port.link.ifindex)


def _unaccounted(topology: Topology, ports: list[Port]) -> Iterator[Port]:
    network = ports[0].bridge.network
    owners = _owners_without_veth(topology, network)
    for port in ports:
        mac_address = _mac_of_other_end(topology, port)
        if mac_address not in owners if mac_address else not owners:
            yield port


def _owners_without_veth(topology: Topology, network: Network) -> set[str]:
    """Return the MAC addresses of the network's endpoints that are not known to be at one of its veths."""
    inventory = topology.inventory
    attached = {a.container.id for a in topology.attachments if a.veth is not None and a.network.id == network.id}
    claims = {
        endpoint.mac_address
        for container in inventory.containers.values()
        if container.live and container.id not in attached
        for endpoint in container.endpoints
        if endpoint.network_id == network.id
    }
    return claims | {m.mac_address for m in inventory.members[network.id] if m.container_id not in attached}


def _mac_of_other_end(topology: Topology, port: Port) -> str:
    """Return '' where it is not visible."""
    devices = topology.devices
    if port.link.peer_nsid is None:
        other = devices.links.get(port.link.peer_ifindex)
        return other.mac_address if other else ""
    inside = devices.interfaces.get(port.link.peer_nsid, ())
    return next((i.mac_address for i in inside if i.ifindex == port.link.peer_ifindex), "")
