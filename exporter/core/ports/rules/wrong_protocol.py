"""A port is published for one protocol and served on the other.

Guard: as for `unserved`; the other protocol of that port is not published too.
"""

from collections.abc import Iterator

from exporter.core.ports.conflict import PortConflict
from exporter.core.ports.context import PortScene
from exporter.core.ports.unserved import WRONG_PROTOCOL, lead, report, unserved_ports

KIND = WRONG_PROTOCOL
OTHER = {"tcp": "udp", "udp": "tcp"}


def check(scene: PortScene) -> Iterator[PortConflict]:
    """Report each port once."""
    for found in unserved_ports(scene, KIND):
        served = f"{OTHER[found.binding.protocol]}/{found.binding.container_port}"
        yield report(found, f"{lead(found)}, which serves {served} instead")
