"""Ports whose users are looked up in the kernel: a bind failed, and no listener explains it."""

from collections.abc import Iterator

from exporter.core.model.sockets import CONNECTION, PortKey
from exporter.core.ports.bind_claims import claims
from exporter.core.ports.context import HOST, PortContext
from exporter.core.ports.failed_starts import failed_starts
from exporter.core.ports.listen_address import UNKNOWN_OWNER, ListenAddress
from exporter.core.ports.start_error import IN_USE


def needed_lookups(context: PortContext) -> frozenset[PortKey]:
    """Return the ports; none while the host's listeners are not known."""
    if not context.host_netns_visible or context.readings.sockets is None:
        return frozenset()
    return frozenset(place.port_key for place in _unexplained(context) if place.protocol and place.port)


def _unexplained(context: PortContext) -> Iterator[ListenAddress]:
    for start in failed_starts(context):
        if start.reason == IN_USE and (start.holder == UNKNOWN_OWNER or start.holder.kind == CONNECTION):
            yield from start.candidates
    for container_id, netns in context.netns.items():
        if netns == HOST:
            container = context.inventory.containers[container_id]
            if not claims(context, container, lambda place: bool(context.overlapping(place))):
                yield from (claim.place for claim in claims(context, container, lambda _: True))
