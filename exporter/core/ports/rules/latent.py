"""A stopped container publishes a port that another owner holds: its next start will fail.

Guard: of a pair that takes turns only one runs, so that without a restart policy it is information; a range fails
only when all of it is taken; one whose start has failed already is reported for that; one with `unless-stopped` that
was stopped by hand stays down; a replica of its service that has the port takes its place, and Swarm never starts a
task again.
"""

from collections.abc import Iterator

from exporter.core.findings.finding import INFO, WARNING, Finding, Severity
from exporter.core.model.container_details import Details, PortBinding
from exporter.core.model.docker import Container
from exporter.core.model.service import is_task, same_service
from exporter.core.model.sockets import Listener
from exporter.core.ports.conflict import conflict
from exporter.core.ports.context import READ_PROTOCOLS, PortContext
from exporter.core.ports.listen_address import ListenAddress, described
from exporter.core.ports.start_error import parse_start_error

KIND = "latent"
BY_ITSELF = "always"


def check(context: PortContext) -> Iterator[Finding]:
    """Report each binding once; a warning where the container should start by itself."""
    for container in context.containers(live=False):
        details = container.details
        if details is None or is_task(container) or parse_start_error(details.error):
            continue
        for binding in dict.fromkeys(details.bindings):
            if (listener := _holder(context, container, binding)) is not None:
                severity = _severity(context, container, details, listener)
                place = ListenAddress(binding.protocol, binding.host_ip, binding.host_port)
                detail = f"{container.name} cannot start again: {place} is held by {described(listener.owner)}"
                yield conflict(context, KIND, place, container.name, severity, detail, holder=listener.owner)


def _severity(context: PortContext, container: Container, details: Details, listener: Listener) -> Severity:
    """Information where the engine does not start it by itself, and where a replica of its service has the port."""
    holder = context.inventory.containers.get(listener.owner.container_id)
    is_replaced = holder is not None and same_service(container, holder)
    return WARNING if details.restart_policy == BY_ITSELF and not is_replaced else INFO


def _holder(context: PortContext, container: Container, binding: PortBinding) -> Listener | None:
    """The listener that holds the first port, if every port of the binding is taken."""
    if not binding.host_port or binding.protocol not in READ_PROTOCOLS:
        return None
    first = None
    for port in range(binding.host_port, binding.last_host_port + 1):
        # A docker-proxy of an unknown container may be that of this one, which is starting.
        others = [
            listener
            for listener in context.others(ListenAddress(binding.protocol, binding.host_ip, port), container)
            if listener.owner.known and listener.owner.name
        ]
        if not others:
            return None
        first = first or others[0]
    return first
