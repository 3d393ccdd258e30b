"""A port is published, and nothing in the container's network namespace listens on the port that it leads to.

Guard: the container has run for a minute; whoever shares its namespace counts; rows of over four ports are left out.
"""

from collections.abc import Iterator

from exporter.core.ports.conflict import PortConflict
from exporter.core.ports.context import PortScene
from exporter.core.ports.unserved import UNSERVED, lead, report, unserved_ports

KIND = UNSERVED


def check(scene: PortScene) -> Iterator[PortConflict]:
    """Report each port once."""
    for found in unserved_ports(scene, KIND):
        yield report(found, f"{lead(found)}, where nothing listens")
