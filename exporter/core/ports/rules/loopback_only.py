"""A port is published, and what serves it listens on the container's own loopback alone: nobody outside reaches it.

Guard: as for `unserved`; a socket on the container's address is fine.
"""

from collections.abc import Iterator

from exporter.core.ports.conflict import PortConflict
from exporter.core.ports.context import PortScene
from exporter.core.ports.unserved import LOOPBACK_ONLY, lead, report, unserved_ports

KIND = LOOPBACK_ONLY


def check(scene: PortScene) -> Iterator[PortConflict]:
    """Report each port once."""
    for found in unserved_ports(scene, KIND):
        yield report(found, f"{lead(found)}, which listens on its loopback alone")
