"""Docker reports a published port that another owner listens on: clients reach that owner.

Guard: none of the listeners is docker-proxy's or the engine's; the owner of each is known; ports of routed networks
have no listener, and SCTP sockets are not read. While the container's DNAT rule is intact, its clients from outside
reach it, and the finding is `shadowed_by_dnat`.
"""

from collections.abc import Iterator
from ipaddress import ip_address

from exporter.core.findings.finding import CRITICAL, Finding
from exporter.core.ports.conflict import conflict
from exporter.core.ports.context import PortContext, is_docker_proxy
from exporter.core.ports.listen_address import EVERY_ADDRESS, described
from exporter.core.ports.published import published_places
from exporter.core.ports.shadowing import shadowed_listeners

KIND = "published_stolen"


def check(context: PortContext) -> Iterator[Finding]:
    """Report each address apart: one family's may be stolen and the other's not."""
    shadowed = {
        (one.listener, one.redirect.target.container_id, one.redirect.family) for one in shadowed_listeners(context)
    }
    for container, place in published_places(context):
        listeners = context.overlapping(place)
        if any(is_docker_proxy(listener.owner) for listener in listeners):
            continue
        family = ip_address(place.address or EVERY_ADDRESS).version
        holder = next((one.owner for one in listeners if (one, container.id, family) not in shadowed), None)
        if holder is not None:
            detail = f"{place} is published by {container.name} and held by {described(holder)}"
            yield conflict(context, KIND, place, container.name, CRITICAL, detail, holder=holder)
