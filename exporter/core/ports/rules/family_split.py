"""One port has an owner on every IPv4 address and another on every IPv6 address: the client's family selects one.

Guard: only sockets that are known to be for one family alone; both owners are known.
"""

from collections.abc import Iterator

from exporter.core.findings.finding import WARNING, Finding
from exporter.core.model.sockets import Listener
from exporter.core.ports.conflict import conflict
from exporter.core.ports.context import PortContext
from exporter.core.ports.listen_address import ListenAddress, described
from exporter.core.ports.overlap import ANY, NOTHING, cover
from exporter.core.ports.owner_identity import SHARED_ON_PURPOSE, same_owner

KIND = "family_split"
IPV4, IPV6 = (ANY, NOTHING), (NOTHING, ANY)


def check(context: PortContext) -> Iterator[Finding]:
    """Report the owner of IPv6 as `wanted_by`: most clients use IPv4."""
    for (protocol, port), listeners in context.listeners.items():
        four, six = _only(listeners, IPV4), _only(listeners, IPV6)
        if four and six and (protocol, port) not in SHARED_ON_PURPOSE:
            holder, wanting = four[0].owner, six[0].owner
            if not any(same_owner(one.owner, other.owner) for one in four for other in six):
                on_ipv6 = f"on IPv6 by {described(wanting)}"
                detail = f"on IPv4 {protocol}/{port} is held by {described(holder)}, {on_ipv6}"
                place = ListenAddress(protocol, four[0].socket.address, port)
                yield conflict(context, KIND, place, wanting.name, WARNING, detail, holder=holder)


def _only(listeners: tuple[Listener, ...], covered: tuple[str, str]) -> list[Listener]:
    return [one for one in listeners if cover(one.socket.address, v6only=one.socket.v6only) == covered]
