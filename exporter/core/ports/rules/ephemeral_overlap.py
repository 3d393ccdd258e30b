"""A fixed host port lies in the range of source ports for outgoing connections, and is not reserved.

A connection can use it before the container binds it. Remedy: another port, or net.ipv4.ip_local_reserved_ports.
"""

from collections.abc import Iterator

from exporter.core.findings.finding import INFO, Finding
from exporter.core.ports.conflict import conflict
from exporter.core.ports.context import PortContext
from exporter.core.ports.listen_address import ListenAddress

KIND = "ephemeral_overlap"


def check(context: PortContext) -> Iterator[Finding]:
    """Report each binding of each container, whether it runs or not."""
    sockets, reserved = context.readings.sockets, context.readings.reserved
    if sockets is None or reserved is None:
        return
    first, last = sockets.local_ports
    for container in context.inventory.containers.values():
        for binding in dict.fromkeys(container.details.bindings if container.details else ()):
            ports = range(max(first, binding.host_port), min(last, binding.last_host_port) + 1)
            if any(not any(low <= port <= high for low, high in reserved) for port in ports):
                place = ListenAddress(binding.protocol, binding.host_ip, binding.host_port)
                detail = f"{place} of {container.name} is in the kernel's ephemeral port range, {first} to {last}"
                yield conflict(context, KIND, place, container.name, INFO, detail)
