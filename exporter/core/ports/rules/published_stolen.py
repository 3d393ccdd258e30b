"""Docker reports a published port that another owner listens on: clients reach that owner.

Guard: none of the listeners is docker-proxy's or the engine's; the owner of each is known; ports of routed networks
have no listener, and SCTP sockets are not read.
"""

from collections.abc import Iterator

from exporter.core.findings.finding import CRITICAL, Finding
from exporter.core.ports.conflict import conflict
from exporter.core.ports.context import PortContext, is_docker_proxy
from exporter.core.ports.listen_address import described
from exporter.core.ports.published import published_places

KIND = "published_stolen"


def check(context: PortContext) -> Iterator[Finding]:
    """Report each address apart: one family's may be stolen and the other's not."""
    for container, place in published_places(context):
        listeners = context.overlapping(place)
        if listeners and not any(is_docker_proxy(listener.owner) for listener in listeners):
            holder = listeners[0].owner
            detail = f"{place} is published by {container.name} and held by {described(holder)}"
            yield conflict(context, KIND, place, container.name, CRITICAL, detail, holder=holder)
