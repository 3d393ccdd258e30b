"""Docker reports a published port that nothing listens on: others can bind it, and the host itself cannot connect.

Guard: routed networks need no listener; with the userland proxy off some engines hold IPv4's only; an address of the
host is not held in the network namespace of a rootless engine.
"""

from collections.abc import Iterator

from exporter.core.findings.finding import WARNING, Finding
from exporter.core.model.sockets import ENGINE
from exporter.core.ports.conflict import conflict
from exporter.core.ports.context import PortContext
from exporter.core.ports.listen_address import EVERY_ADDRESS, ListenAddress
from exporter.core.ports.published import is_held_outside, published_places

KIND = "published_unheld"


def check(context: PortContext) -> Iterator[Finding]:
    """Report each address apart: one family's may be held and the other's not."""
    for container, place in published_places(context):
        if context.overlapping(place) or is_held_outside(context, place):
            continue
        if not _engine_holds_ipv4(context, place):
            detail = f"{place} is published by {container.name}, and nothing listens there: docker-proxy is gone"
            yield conflict(context, KIND, place, container.name, WARNING, detail)


def _engine_holds_ipv4(context: PortContext, place: ListenAddress) -> bool:
    if ":" not in place.address:
        return False
    held = context.overlapping(place._replace(address=EVERY_ADDRESS))
    return any(listener.owner.kind == ENGINE for listener in held)
