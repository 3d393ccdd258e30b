"""A live endpoint's veth is down, or is a port of no bridge or of another network's: the container is cut off.

Guard: devices come and go in steps at a start and a stop, which the rule's hold covers; a veth elsewhere is an
endpoint's only when the other end has its MAC address, or when it is a port of no bridge and no other veth could be
its. A bridge that is not Docker's is the operator's choice.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from exporter.core.findings.finding import CRITICAL, Finding
from exporter.core.model.docker import Link
from exporter.core.network.context import NetworkContext, finding
from exporter.core.topology.topology import Attachment, Bridge, Topology

KIND = "detached_veth"
NO_NSID = -1


@dataclass(frozen=True, slots=True)
class Detached:
    """A veth of an attachment, and what is wrong with it."""

    link: Link
    attachment: Attachment
    fault: str


def check(context: NetworkContext) -> Iterator[Finding]:
    """Find veths without a carrier, and those that are not where their endpoint is."""
    for found in _detached(context):
        container, network = found.attachment.container.name, found.attachment.network.name
        detail = f"{found.link.name}, the veth of {container} on network {network}, {found.fault}"
        yield finding(KIND, CRITICAL, network, container, detail, key=found.link.ifindex)


def _detached(context: NetworkContext) -> Iterator[Detached]:
    topology = context.topology
    bridged = {bridge.network.id for bridge in topology.bridges}
    lost: dict[str, list[Attachment]] = {}
    for attachment in topology.attachments:
        if attachment.endpoint is None or not attachment.container.live or attachment.network.id not in bridged:
            continue
        if attachment.veth is None:
            lost.setdefault(attachment.container.id, []).append(attachment)
        elif not attachment.veth.carrier:
            yield Detached(attachment.veth, attachment, "is down")
    if lost:
        yield from _strays(topology, lost)


def _strays(topology: Topology, lost: dict[str, list[Attachment]]) -> Iterator[Detached]:
    """Find the veths of endpoints without one among those that are ports of nothing, or of another network's bridge."""
    bridges = {bridge.link.ifindex: bridge for bridge in topology.bridges}
    loose: dict[int, list[Link]] = {}
    for link in topology.devices.links.values():
        elsewhere = not link.master_ifindex or link.master_ifindex in bridges
        if link.kind == "veth" and link.peer_nsid is not None and elsewhere:
            loose.setdefault(link.peer_nsid, []).append(link)
    for container_id, attachments in lost.items():
        nsid = topology.devices.sandboxes.get(container_id, NO_NSID)
        macs = {i.ifindex: i.mac_address for i in topology.devices.interfaces.get(nsid, ()) if i.mac_address}
        links = loose.get(nsid, [])
        for attachment in attachments:
            matches = [link for link in links if _is_at(attachment, macs.get(link.peer_ifindex, ""))]
            if not macs and len(links) == len(attachments) == 1:
                matches = [link for link in links if not link.master_ifindex]
            if len(matches) == 1:
                yield Detached(matches[0], attachment, _place(bridges.get(matches[0].master_ifindex)))


def _place(bridge: Bridge | None) -> str:
    if bridge is None:
        return "is not a port of any bridge"
    return f"is a port of {bridge.link.name}, the bridge of network {bridge.network.name}"


def _is_at(attachment: Attachment, mac_address: str) -> bool:
    return bool(mac_address) and attachment.endpoint is not None and attachment.endpoint.mac_address == mac_address
