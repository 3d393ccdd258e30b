"""A DNAT rule redirects the packets for a port, and a listener on it receives none of them.

Guard: the rule must match every client from outside (its -i, -s) and the listener's address (its -d); Docker's own
listeners are behind its own rules, and a listener on the loopback alone expects no client from outside.
"""

from collections.abc import Iterator
from ipaddress import ip_address

from exporter.core.findings.finding import CRITICAL, Finding
from exporter.core.model.sockets import Listener, ListeningSocket, Owner
from exporter.core.nat.redirects import Redirect
from exporter.core.ports.conflict import conflict, of_holder
from exporter.core.ports.context import PortContext, is_docker_proxy
from exporter.core.ports.listen_address import ListenAddress, described
from exporter.core.ports.overlap import overlaps

KIND = "shadowed_by_dnat"
WILDCARDS = {4: "0.0.0.0", 6: "::"}


def check(context: PortContext) -> Iterator[Finding]:
    """Report each listener once for each target of its packets."""
    uplinks = frozenset(link.name for link in context.topology.uplinks)
    for owner, place, target in dict.fromkeys(_pairs(context, uplinks)):
        detail = f"{described(owner)} listens on {place}, and a DNAT rule redirects its packets to {described(target)}"
        yield of_holder(conflict(context, KIND, place, owner.name, CRITICAL, detail, holder=target))


def _pairs(context: PortContext, uplinks: frozenset[str]) -> Iterator[tuple[Owner, ListenAddress, Owner]]:
    """Yield listeners, where they listen, and where their packets go."""
    for redirect in context.readings.redirects or ():
        if not redirect.source and _is_from_outside(redirect.in_interface, uplinks):
            for listener in _shadowed(context, redirect):
                place = ListenAddress(redirect.protocol, listener.socket.address, listener.socket.port)
                yield listener.owner, place, redirect.target


def _shadowed(context: PortContext, redirect: Redirect) -> Iterator[Listener]:
    for port in range(redirect.host_port, (redirect.last_host_port or redirect.host_port) + 1):
        wanted = ListeningSocket(
            redirect.protocol,
            redirect.host_ip or WILDCARDS[redirect.family],
            port,
            v6only=redirect.family == max(WILDCARDS),
        )
        for listener in context.listeners.get((redirect.protocol, port), ()):
            if not is_docker_proxy(listener.owner) and _expects_others(listener) and overlaps(listener.socket, wanted):
                yield listener


def _expects_others(listener: Listener) -> bool:
    address = ip_address(listener.socket.address)
    return listener.owner.known and not (getattr(address, "ipv4_mapped", None) or address).is_loopback


def _is_from_outside(in_interface: str, uplinks: frozenset[str]) -> bool:
    if in_interface.startswith("!"):
        return in_interface[1:] not in uplinks
    return in_interface == "" or in_interface in uplinks
