"""A fixed host port lies among those that the kernel hands out for outgoing connections, and is not reserved.

One of them can be first. Advice: choose another port, or name it in net.ipv4.ip_local_reserved_ports.
"""

from collections.abc import Iterator

from exporter.core.findings.finding import INFO
from exporter.core.ports.conflict import Place, PortConflict, conflict
from exporter.core.ports.context import PortScene

KIND = "ephemeral_overlap"


def check(scene: PortScene) -> Iterator[PortConflict]:
    """Report each binding of each container, whether it runs or not."""
    sockets, reserved = scene.readings.sockets, scene.readings.reserved
    if sockets is None or reserved is None:
        return
    first, last = sockets.local_ports
    for container in scene.inventory.containers.values():
        for binding in dict.fromkeys(container.details.bindings if container.details else ()):
            ports = range(max(first, binding.host_port), min(last, binding.last_host_port) + 1)
            if any(not any(low <= port <= high for low, high in reserved) for port in ports):
                place = Place(binding.protocol, binding.host_ip, binding.host_port)
                detail = f"{place} of {container.name} is one of the ports that the kernel hands out: {first} to {last}"
                yield conflict(KIND, place, container.name, INFO, detail)
