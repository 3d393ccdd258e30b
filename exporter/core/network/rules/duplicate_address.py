"""Two live endpoints, or two configured static addresses, claim one address or MAC address on one network.

Guard: an endpoint lives when the kernel shows its device, for Docker may tell old addresses of the dead; what is
known of a container that starts anew may be its last life's, so the same two must have stood for ten seconds; all
endpoints of an ipvlan network have their parent's MAC address.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from exporter.core.findings.finding import CONFIRMED, CRITICAL, PROBABLE, Finding
from exporter.core.network.context import Scene
from exporter.core.topology.address_use import parse_address
from exporter.core.topology.topology import Attachment, Topology

KIND = "duplicate_address"
GRACE = 10.0
ONE_MAC_FOR_ALL = "ipvlan"


@dataclass(frozen=True, slots=True)
class Shared:
    """An address that several have; an endpoint's id is new at each start, so equal ones mean the same lives."""

    network: str
    address: str
    containers: tuple[str, ...]
    endpoint_ids: tuple[str, ...]


def check(scene: Scene) -> Iterator[Finding]:
    """Find what two claim; what the living claim is not told a second time for their configuration."""
    found = suspects(scene) if scene.seen_since else ()
    living = {(shared.network, shared.address): shared for shared in found}
    for shared in living.values():
        if scene.seen_since.get((KIND, shared), 0.0) > GRACE:
            detail = f"{' and '.join(shared.containers)} both have {shared.address} on network {shared.network}"
            yield Finding(KIND, CRITICAL, shared.network, shared.address, detail, CONFIRMED)
    configured: dict[tuple[str, str], set[str]] = {}
    for _, static in scene.chosen():
        configured.setdefault((static.network, _canonical(static.address)), set()).add(static.container)
    for (network, address), names in configured.items():
        if len(names) > 1 and (network, address) not in living:
            detail = f"{' and '.join(sorted(names))} are both configured to have {address} on network {network}"
            yield Finding(KIND, CRITICAL, network, address, detail, PROBABLE)


def suspects(scene: Scene) -> Iterator[Shared]:
    """Find the addresses that more than one of the living has."""
    claims: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for attachment in _seen_by_the_kernel(scene.topology):
        endpoint = attachment.endpoint
        for address in _addresses(attachment):
            who = attachment.container.name, endpoint.endpoint_id if endpoint else ""
            claims.setdefault((attachment.network.name, address), []).append(who)
    for (network, address), claimants in claims.items():
        if len(claimants) > 1:
            names, endpoint_ids = zip(*sorted(claimants), strict=True)
            yield Shared(network, address, names, endpoint_ids)


def _seen_by_the_kernel(topology: Topology) -> Iterator[Attachment]:
    for attachment in topology.attachments:
        if attachment.container.live and (attachment.veth is not None or attachment.reading is not None):
            yield attachment


def _addresses(attachment: Attachment) -> tuple[str, ...]:
    endpoint = attachment.endpoint
    if endpoint is None:
        return ()
    mac_address = "" if attachment.network.driver == ONE_MAC_FOR_ALL else endpoint.mac_address
    return tuple(address for address in (endpoint.ip_address, endpoint.ip6_address, mac_address) if address)


def _canonical(text: str) -> str:
    """One spelling per IPv6 address."""
    return str(parse_address(text) or text)
