"""A bridge network's MTU is larger than that of the device over which it leaves the host.

Its large packets are then fragmented or lost: connections are established and then hang. Guard: an internal network
does not leave the host; of several default routes those of the best metric count; the network's own bridge is skipped.
"""

from collections.abc import Iterator

from exporter.core.findings.finding import WARNING, Finding
from exporter.core.model.docker import Link, Network
from exporter.core.model.routes import default_devices
from exporter.core.network.context import NetworkContext, finding
from exporter.core.topology.subnets import parse_subnet

KIND = "mtu_mismatch"
DEFAULT_MTU = 1500  # of a network without the option; the uplink's plays no part in it
VERSIONS = (4, 6)


def check(context: NetworkContext) -> Iterator[Finding]:
    """Compare each network with the uplink of the smallest MTU that its packets can take."""
    uplinks = {version: _uplinks(context, version) for version in VERSIONS}
    for network in (bridge.network for bridge in context.topology.bridges if not bridge.network.internal):
        mtu = network.mtu or DEFAULT_MTU
        ways = [link for version in _versions(network) for link in uplinks[version] if link.mtu]
        narrowest = min(ways, key=lambda link: link.mtu, default=None)
        if narrowest is not None and mtu > narrowest.mtu:
            detail = f"network {network.name} has an MTU of {mtu}, its uplink {narrowest.name} one of {narrowest.mtu}"
            yield finding(KIND, WARNING, network.name, narrowest.name, detail)


def _uplinks(context: NetworkContext, version: int) -> list[Link]:
    links = context.topology.devices.links
    own = {bridge.link.ifindex for bridge in context.topology.bridges}
    leading_out = default_devices(context.routes or (), version) - own
    return [links[ifindex] for ifindex in sorted(leading_out) if ifindex in links]


def _versions(network: Network) -> set[int]:
    spans = [parse_subnet(subnet.subnet) for subnet in network.subnets]
    return {span.version for span in spans if span is not None}
