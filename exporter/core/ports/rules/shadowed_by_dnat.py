"""A DNAT rule redirects the packets for a port, and a listener on it receives none of them.

Guard: `shadowed_listeners`; a listener that only reserves the port for its own runtime is information.
"""

from collections.abc import Iterator

from exporter.core.findings.finding import CRITICAL, INFO, Finding
from exporter.core.model.sockets import Owner
from exporter.core.ports.conflict import conflict, of_holder
from exporter.core.ports.context import PortContext
from exporter.core.ports.listen_address import ListenAddress, described
from exporter.core.ports.shadowing import shadowed_listeners

KIND = "shadowed_by_dnat"


def check(context: PortContext) -> Iterator[Finding]:
    """Report each listener once for each target of its packets."""
    found: dict[tuple[Owner, ListenAddress, Owner], bool] = {}
    for shadowed in shadowed_listeners(context):
        place = ListenAddress(
            shadowed.redirect.protocol, shadowed.listener.socket.address, shadowed.listener.socket.port
        )
        found.setdefault((shadowed.owner, place, shadowed.redirect.target), shadowed.reserves)
    for (owner, place, target), reserves in found.items():
        sends = f"a DNAT rule sends its clients from outside to {described(target)}"
        detail = f"{described(owner)} {'reserves' if reserves else 'listens on'} {place}, and {sends}"
        severity = INFO if reserves else CRITICAL
        yield of_holder(conflict(context, KIND, place, owner.name, severity, detail, holder=target))
