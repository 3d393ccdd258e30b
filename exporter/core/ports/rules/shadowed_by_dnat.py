"""A DNAT rule takes packets for a port elsewhere, and somebody listens there who gets none of them.

Guard: the rule must mean everybody who comes from outside (its -i, -s) and the listener's address (its -d); Docker's
own listeners stand behind its own rules, and what listens on the loopback alone expects nobody from outside.
"""

from collections.abc import Iterator
from ipaddress import ip_address

from exporter.core.findings.finding import CRITICAL
from exporter.core.model.sockets import Listener, ListeningSocket, Owner
from exporter.core.nat.redirects import Redirect
from exporter.core.ports.conflict import Place, PortConflict, conflict, described
from exporter.core.ports.context import PortScene, is_dockers
from exporter.core.ports.overlap import overlaps

KIND = "shadowed_by_dnat"
WILDCARDS = {4: "0.0.0.0", 6: "::"}


def check(scene: PortScene) -> Iterator[PortConflict]:
    """Report each listener once for each of those that its packets go to."""
    uplinks = frozenset(link.name for link in scene.topology.uplinks)
    seen: set[tuple[Owner, Place, Owner]] = set()
    for redirect in scene.readings.redirects or ():
        if redirect.source or not _is_from_outside(redirect.in_interface, uplinks):
            continue
        for listener in _shadowed(scene, redirect):
            place = Place(redirect.protocol, listener.socket.address, listener.socket.port)
            finding = listener.owner, place, redirect.target
            if finding not in seen:
                seen.add(finding)
                yield _report(*finding)


def _report(owner: Owner, place: Place, target: Owner) -> PortConflict:
    detail = f"{described(owner)} listens on {place}, and a DNAT rule takes its packets to {described(target)}"
    return conflict(KIND, place, owner.name, CRITICAL, detail, holder=target)


def _shadowed(scene: PortScene, redirect: Redirect) -> Iterator[Listener]:
    for port in range(redirect.host_port, (redirect.last_host_port or redirect.host_port) + 1):
        wanted = ListeningSocket(
            redirect.protocol,
            redirect.host_ip or WILDCARDS[redirect.family],
            port,
            v6only=redirect.family == max(WILDCARDS),
        )
        for listener in scene.listeners.get((redirect.protocol, port), ()):
            if not is_dockers(listener.owner) and _expects_others(listener) and overlaps(listener.socket, wanted):
                yield listener


def _expects_others(listener: Listener) -> bool:
    address = ip_address(listener.socket.address)
    return listener.owner.told and not (getattr(address, "ipv4_mapped", None) or address).is_loopback


def _is_from_outside(in_interface: str, uplinks: frozenset[str]) -> bool:
    if in_interface.startswith("!"):
        return in_interface[1:] not in uplinks
    return in_interface == "" or in_interface in uplinks
