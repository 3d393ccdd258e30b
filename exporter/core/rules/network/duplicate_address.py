"""Two live endpoints, or two configured static addresses, claim one address or MAC address on one network.

Guard: an endpoint lives when the kernel shows its device, for Docker may tell old addresses of the dead; all endpoints
of an ipvlan network have their parent's MAC address.
"""

from collections.abc import Iterator

from exporter.core.addresses import parse_address
from exporter.core.finding import CONFIRMED, CRITICAL, PROBABLE, Finding
from exporter.core.scene import Scene
from exporter.core.topology import Topology

KIND = "duplicate_address"
ONE_MAC_FOR_ALL = "ipvlan"

Claims = dict[tuple[str, str], list[str]]  # network, address -> containers


def check(scene: Scene) -> Iterator[Finding]:
    """Find what two claim; what is claimed by the living is not told a second time for their configuration."""
    living = _shared(_claims_of_the_living(scene.topology))
    for (network, address), names in living.items():
        detail = f"{' and '.join(names)} both have {address} on network {network}"
        yield Finding(KIND, CRITICAL, network, address, detail, CONFIRMED)
    configured: Claims = {}
    for static in scene.static_addresses or ():
        configured.setdefault((static.network, _canonical(static.address)), []).append(static.container)
    for (network, address), names in _shared(configured).items():
        if (network, address) not in living:
            detail = f"{' and '.join(names)} are both configured to have {address} on network {network}"
            yield Finding(KIND, CRITICAL, network, address, detail, PROBABLE)


def _claims_of_the_living(topology: Topology) -> Claims:
    claims: Claims = {}
    for attachment in topology.attachments:
        endpoint = attachment.endpoint
        seen = attachment.veth is not None or attachment.reading is not None
        if endpoint is None or not seen or not attachment.container.live:
            continue
        mac_address = "" if attachment.network.driver == ONE_MAC_FOR_ALL else endpoint.mac_address
        for address in (endpoint.ip_address, endpoint.ip6_address, mac_address):
            if address:
                claims.setdefault((attachment.network.name, address), []).append(attachment.container.name)
    return claims


def _shared(claims: Claims) -> Claims:
    return {key: sorted(set(names)) for key, names in claims.items() if len(names) > 1 and len(set(names)) > 1}


def _canonical(text: str) -> str:
    """One spelling per IPv6 address."""
    return str(parse_address(text) or text)
