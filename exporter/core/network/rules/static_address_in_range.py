"""A configured static address lies in the range that Docker hands out by itself: another container can get it first.

Guard: where an address range is configured, only that one is handed out; an address outside of every subnet of the
network cannot be had at all, and Docker says so itself; on an overlay the Swarm's manager hands out all of them.
"""

from collections.abc import Iterator

from exporter.core.findings.finding import WARNING, Finding
from exporter.core.model.docker import Network
from exporter.core.network.context import NetworkContext, finding
from exporter.core.topology.address_use import parse_address
from exporter.core.topology.subnets import parse_subnet

KIND = "static_address_in_range"


def check(context: NetworkContext) -> Iterator[Finding]:
    """Find each container's static addresses in the ranges of their network."""
    found: dict[tuple[str, str], list[str]] = {}
    for network, static in context.local_static_addresses():
        handed_out = _range_of(network, static.address)
        if handed_out:
            text = f"{static.address} in {handed_out}"
            found.setdefault((static.network, static.container), []).append(text)
    for (name, container), places in found.items():
        detail = f"static address of {container} on network {name}, {', '.join(places)}, may be given to another"
        yield finding(KIND, WARNING, name, container, detail)


def _range_of(network: Network, text: str) -> str:
    """Return the range that the address lies in; '' when it is not handed out."""
    address = parse_address(text)
    for subnet in network.subnets:
        handed_out = subnet.ip_range or subnet.subnet
        span = parse_subnet(handed_out)
        if address is not None and span is not None and address in span:
            return handed_out
    return ""
