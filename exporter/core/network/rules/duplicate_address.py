"""Two live endpoints claim one address or MAC address on one network; two configured static ones are information.

Guard: an endpoint lives when the kernel shows its device, for Docker may list old addresses of stopped containers; what
is known of a container that restarts may belong to its last life, so the key names the endpoints, and the rule's hold
covers the time between; all endpoints of an ipvlan network have their parent's MAC address.
"""

from collections.abc import Iterator

from msgspec import Struct

from exporter.core.findings.finding import CRITICAL, INFO, PROBABLE, Finding
from exporter.core.network.context import NetworkContext, finding
from exporter.core.topology.address_use import parse_address
from exporter.core.topology.topology import Attachment, Topology

KIND = "duplicate_address"
ONE_MAC_FOR_ALL = "ipvlan"


class Shared(Struct, frozen=True):
    """An address of several endpoints; an endpoint's id is new at each start, so equal ids mean the same lives."""

    network: str
    address: str
    containers: tuple[str, ...]
    endpoint_ids: tuple[str, ...]


def check(context: NetworkContext) -> Iterator[Finding]:
    """Find addresses that two have; those of live endpoints are not reported again for their configuration."""
    living = {(shared.network, shared.address): shared for shared in _shared(context.topology)}
    for shared in living.values():
        detail = f"{' and '.join(shared.containers)} both have {shared.address} on network {shared.network}"
        yield finding(KIND, CRITICAL, shared.network, shared.address, detail, key=shared)
    configured: dict[tuple[str, str], set[str]] = {}
    for _, static in context.local_static_addresses():
        configured.setdefault((static.network, _canonical(static.address)), set()).add(static.container)
    for (network, address), names in configured.items():
        if len(names) > 1 and (network, address) not in living:
            detail = f"{' and '.join(sorted(names))} are both configured to have {address} on network {network}"
            key = network, address, *sorted(names)
            yield finding(KIND, INFO, network, address, detail, confidence=PROBABLE, key=key)


def _shared(topology: Topology) -> Iterator[Shared]:
    with_device = list(_with_device(topology))
    taken = [(one.network.name, address) for one in with_device for address in _addresses(one)]
    if len(set(taken)) == len(taken):  # the usual case takes half of the time
        return
    claims: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for attachment in with_device:
        endpoint = attachment.endpoint
        for address in _addresses(attachment):
            who = attachment.container.name, endpoint.endpoint_id if endpoint else ""
            claims.setdefault((attachment.network.name, address), []).append(who)
    for (network, address), claimants in claims.items():
        if len(claimants) > 1:
            names, endpoint_ids = zip(*sorted(claimants), strict=True)
            yield Shared(network, address, names, endpoint_ids)


def _with_device(topology: Topology) -> Iterator[Attachment]:
    for attachment in topology.attachments:
        if attachment.container.live and (attachment.veth is not None or attachment.reading is not None):
            yield attachment


def _addresses(attachment: Attachment) -> tuple[str, ...]:
    endpoint = attachment.endpoint
    if endpoint is None:
        return ()
    mac_address = "" if attachment.network.driver == ONE_MAC_FOR_ALL else endpoint.mac_address
    return tuple([address for address in (endpoint.ip_address, endpoint.ip6_address, mac_address) if address])


def _canonical(text: str) -> str:
    """One spelling per IPv6 address."""
    return str(parse_address(text) or text)
