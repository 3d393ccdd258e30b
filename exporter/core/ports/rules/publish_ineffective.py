"""A container runs, a port binding is configured, and none is in effect: nothing outside leads to it.

So in host mode, without a network, on an internal one, on drivers that publish nothing, or once its bridge network was
taken away.
"""

from collections.abc import Iterator

from exporter.core.findings.finding import WARNING, Finding
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
            detail = f"{place} should lead to {target} of {container.name} and does not: {_why(context, container)}"
            yield conflict(context, KIND, place, container.name, WARNING, detail)


def _ineffective(container: Container) -> Iterator[PortBinding]:
    if (details := container.details) is not None:
        effective = {(b.protocol, b.container_port) for b in details.published}
        first = {(b.protocol, b.container_port): b for b in reversed(details.bindings)}
        yield from (binding for port, binding in sorted(first.items()) if port not in effective)


def _why(context: PortContext, container: Container) -> str:
    if container.network_mode == HOST:
        return "in host mode its ports are the host's own"
    networks = [context.inventory.networks.get(endpoint.network_id) for endpoint in container.endpoints]
    if not networks or container.network_mode == "none":
        return "it is on no network that can publish"
    if all(network is not None and network.internal for network in networks):
        return "its networks are internal"
    return "none of its networks publishes it"
