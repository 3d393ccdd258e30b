"""A port is published for one protocol and served on the other.

Guard: as for `unserved`; the other protocol of that port is not published too.
"""

from collections.abc import Iterator

from exporter.core.findings.finding import Finding
from exporter.core.ports.context import PortContext
from exporter.core.ports.unserved import WRONG_PROTOCOL, lead, report, unserved_ports

KIND = WRONG_PROTOCOL
OTHER = {"tcp": "udp", "udp": "tcp"}


def check(context: PortContext) -> Iterator[Finding]:
    """Report each port once."""
    for found in unserved_ports(context, KIND):
        served = f"{OTHER[found.binding.protocol]}/{found.binding.container_port}"
        yield report(context, found, f"{lead(found)}, which serves {served} instead")
