"""A configured static address lies in the range that Docker assigns from: another container can get it first.

Guard: where an address range is configured, only that one is assigned from; an address outside of every subnet of the
network is rejected by Docker itself; on an overlay the Swarm's manager assigns all of them. The severity is info:
compose files do so everywhere, and the address is free again when the other container ends.
"""

from collections.abc import Iterator

from exporter.core.findings.finding import INFO, Finding
from exporter.core.model.docker import Network
from exporter.core.network.context import NetworkContext, finding
from exporter.core.topology.address_use import parse_address
from exporter.core.topology.subnets import parse_subnet

KIND = "static_address_in_range"


def check(context: NetworkContext) -> Iterator[Finding]:
    """Find each container's static addresses in the ranges of their network."""
    found: dict[tuple[str, str], list[str]] = {}
    for network, static in context.local_static_addresses():
        assigned = _range_of(network, static.address)
        if assigned:
            text = f"{static.address} in {assigned}"
            found.setdefault((static.network, static.container), []).append(text)
    for (name, container), places in found.items():
        where = ", ".join(places)
        detail = f"static address of {container} on network {name}, {where}, can be assigned to another container"
        yield finding(KIND, INFO, name, container, detail)


def _range_of(network: Network, text: str) -> str:
    """Return the range that the address lies in; '' when it is not handed out."""
    address = parse_address(text)
    for subnet in network.subnets:
        assigned = subnet.ip_range or subnet.subnet
        span = parse_subnet(assigned)
        if address is not None and span is not None and address in span:
            return assigned
    return ""
