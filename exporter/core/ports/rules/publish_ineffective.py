"""A running container has a port binding that is configured and not in effect.

This is so in host network mode, without a network, on an internal one, on drivers that publish nothing, and after its
bridge network was disconnected. In host network mode the severity is info: the program listens on the host itself.
"""

from collections.abc import Iterator

from exporter.core.findings.finding import INFO, WARNING, Finding
from exporter.core.model.container_details import PortBinding
from exporter.core.model.docker import Container
from exporter.core.ports.conflict import conflict
from exporter.core.ports.context import HOST, PortContext
from exporter.core.ports.listen_address import ListenAddress

KIND = "publish_ineffective"


def check(context: PortContext) -> Iterator[Finding]:
    """Report each of the container's ports once."""
    for container in context.containers(live=True):
        for binding in _ineffective(container):
            place = ListenAddress(binding.protocol, binding.host_ip, binding.host_port)
            target = f"{binding.protocol}/{binding.container_port}"
            why = _why(context, container)
            detail = f"{place} is configured for {target} of {container.name} and not in effect: {why}"
            severity = INFO if container.network_mode == HOST else WARNING
            yield conflict(context, KIND, place, container.name, severity, detail)


def _ineffective(container: Container) -> Iterator[PortBinding]:
    if (details := container.details) is not None:
        effective = {(b.protocol, b.container_port) for b in details.published}
        first = {(b.protocol, b.container_port): b for b in reversed(details.bindings)}
        yield from (binding for port, binding in sorted(first.items()) if port not in effective)


def _why(context: PortContext, container: Container) -> str:
    if container.network_mode == HOST:
        return "in host network mode its ports are the host's own"
    networks = [context.inventory.networks.get(endpoint.network_id) for endpoint in container.endpoints]
    if not networks or container.network_mode == "none":
        return "it has no network that can publish ports"
    if all(network is not None and network.internal for network in networks):
        return "its networks are internal"
    return "none of its networks publishes it"
