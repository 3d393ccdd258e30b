"""A live endpoint's veth is down, deleted, or a port of no bridge or of another network's: the container is cut off.

Guard: devices come and go in steps at a start and a stop, which the rule's hold covers; a veth elsewhere is an
endpoint's only when the other end has its MAC address, or when it is a port of no bridge and no other veth could be
its. It is deleted when its container's namespace was read and has no device of that endpoint, no other veth has an
end there, and the owner of each port of the bridge is known. A bridge that is not Docker's is the operator's choice.
"""

from collections.abc import Iterator

from msgspec import Struct

from exporter.core.findings.finding import CRITICAL, Finding
from exporter.core.model.docker import Interface, Link
from exporter.core.network.context import NetworkContext, finding
from exporter.core.topology.interfaces import LOOPBACK
from exporter.core.topology.topology import Attachment, Bridge, Topology

KIND = "detached_veth"
NO_NSID = -1
VETH = "veth"


class Detached(Struct, frozen=True):
    """A veth of an attachment, None where it is gone, and what is wrong with it."""

    link: Link | None
    attachment: Attachment
    fault: str


def check(context: NetworkContext) -> Iterator[Finding]:
    """Find veths without a carrier, those that are not where their endpoint is, and endpoints that have none."""
    for found in _detached(context):
        container, network = found.attachment.container.name, found.attachment.network.name
        what = f"the veth of {container} on network {network}"
        if found.link is None:
            yield finding(KIND, CRITICAL, network, container, f"{what} {found.fault}", key=found.attachment.key)
        else:
            detail = f"{found.link.name}, {what}, {found.fault}"
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
        yield from _deleted(topology, lost)


def _strays(topology: Topology, lost: dict[str, list[Attachment]]) -> Iterator[Detached]:
    """Find the veths of endpoints without one among those that are ports of nothing, or of another network's bridge."""
    bridges = {bridge.link.ifindex: bridge for bridge in topology.bridges}
    loose: dict[int, list[Link]] = {}
    for link in topology.devices.links.values():
        elsewhere = not link.master_ifindex or link.master_ifindex in bridges
        if link.kind == VETH and link.peer_nsid is not None and elsewhere:
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


def _deleted(topology: Topology, lost: dict[str, list[Attachment]]) -> Iterator[Detached]:
    """Find the endpoints that have no device in their container's namespace."""
    known = {attachment.veth.ifindex for attachment in topology.attachments if attachment.veth}
    others = {v.peer_nsid for v in topology.devices.links.values() if v.kind == VETH and v.ifindex not in known}
    unowned = {port.bridge.network.id for port in topology.ports if port.container is None}
    for container_id, attachments in lost.items():
        nsid = topology.devices.sandboxes.get(container_id, NO_NSID)
        inside = topology.devices.interfaces.get(nsid, ())
        for attachment in attachments if nsid not in others else ():
            if attachment.network.id not in unowned and _is_without(inside, attachment):
                yield Detached(None, attachment, "is deleted")


def _is_without(inside: tuple[Interface, ...], attachment: Attachment) -> bool:
    """Whether the devices of a namespace were read, and none is the endpoint's: names alone do not identify it."""
    own = [one for one in inside if one.name != LOOPBACK]
    readable = all(one.mac_address for one in own) and attachment.endpoint and attachment.endpoint.mac_address
    return bool(inside) and (not own or bool(readable and not any(_is_at(attachment, i.mac_address) for i in own)))


def _place(bridge: Bridge | None) -> str:
    if bridge is None:
        return "is not a port of any bridge"
    return f"is a port of {bridge.link.name}, the bridge of network {bridge.network.name}"


def _is_at(attachment: Attachment, mac_address: str) -> bool:
    return bool(mac_address) and attachment.endpoint is not None and attachment.endpoint.mac_address == mac_address
