"""A bind in the host's network namespace failed, no socket listens there, and an outgoing connection has the port.

A start that failed for it is `start_failed`, with the connection as its holder. Guard: connections are looked up only
then; one in TIME_WAIT ends by itself; one of another address does not block it.
"""

from collections.abc import Iterator

from exporter.core.findings.finding import INFO, SUSPECTED, WARNING, Finding
from exporter.core.model.sockets import Owner
from exporter.core.ports.bind_claims import Claim, claims
from exporter.core.ports.conflict import conflict
from exporter.core.ports.context import HOST, PortContext
from exporter.core.ports.listen_address import ListenAddress, described
from exporter.core.ports.outgoing_connections import outgoing

KIND = "ephemeral_holder"


def check(context: PortContext) -> Iterator[Finding]:
    """Report each failed bind that a connection explains."""
    for container_id, netns in context.netns.items() if context.readings.bound else ():
        container = context.inventory.containers[container_id]
        if netns == HOST:
            for claim in claims(context, container, lambda place: _holder(context, place) is not None):
                if (holder := _holder(context, claim.place)) is not None:
                    yield _finding(context, container.name, claim, holder)


def _holder(context: PortContext, place: ListenAddress) -> Owner | None:
    return None if context.overlapping(place) else outgoing(context, place)


def _finding(context: PortContext, name: str, claim: Claim, holder: Owner) -> Finding:
    severity = INFO if claim.confidence == SUSPECTED else WARNING
    detail = f"{name} cannot bind {claim.place}: {described(holder)} uses it as source port"
    return conflict(context, KIND, claim.place, name, severity, detail, holder=holder, confidence=claim.confidence)
