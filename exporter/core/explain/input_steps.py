"""Whether the host's rules let clients outside connect to a port that a process of the host itself serves."""

from collections.abc import Iterator, Sequence
from ipaddress import ip_address

from msgspec.structs import replace

from exporter.core.explain.nat_steps import INTERNET_CLIENTS, NOT_UNDERSTOOD, UNREAD
from exporter.core.explain.path import BLOCKED, FAILED, HOST, UNKNOWN, Step
from exporter.core.model.sockets import Listener, ListeningSocket
from exporter.core.nat.address_numbers import number_of
from exporter.core.nat.context import NatContext
from exporter.core.nat.packet import OUTSIDE, Packet
from exporter.core.nat.ruleset import FAMILIES, IP, IP6
from exporter.core.nat.walk.rule_text import decided_by
from exporter.core.nat.walk.ways import Way, way_in
from exporter.core.observation import Observation
from exporter.core.ports.unserved import is_loopback

REDIRECT = "REDIRECT"  # to a port of the host itself
EVERY_ADDRESS_OF_BOTH = "::"
ANY = ("0.0.0.0", EVERY_ADDRESS_OF_BOTH)


def input_steps(observation: Observation, socket: ListeningSocket) -> Iterator[Step]:
    """Yield what the rules drop, or may; nothing for a socket of the loopback or of a bridge of Docker's.

    Nothing either where rules send the packets to another address: that is a path of its own.
    """
    bound = ip_address(socket.address)
    if bound.is_loopback:
        return
    nat = observation.nat
    if nat is None or nat.reading is None:
        yield Step(HOST, UNKNOWN, UNREAD, "rules_unknown")
        return
    context = NatContext(nat.expected, nat.reading, frozenset(FAMILIES), backend=nat.backend)
    listeners = observation.sockets.listeners if observation.sockets else ()
    known = [(family, _step(context, socket, family, listeners)) for family in _families(context, socket)]
    found = [(family, step) for family, step in known if step is not None]
    for family, step in found[:1]:
        only = len(found) < len(known)
        over = "IPv6" if family == IP6 else "IPv4"
        yield replace(step, state=UNKNOWN, detail=f"over {over} alone: {step.detail}") if only else step


def _families(context: NatContext, socket: ListeningSocket) -> list[str]:
    """The families whose clients the socket serves; IPv6 only where an uplink has an address of it."""
    if ":" not in socket.address:
        return [IP]
    served = (IP, IP6) if socket.address == EVERY_ADDRESS_OF_BOTH and not socket.v6only else (IP6,)
    return [one for one in served if one == IP or context.expected.inside.addresses.get(IP6)]


def _step(context: NatContext, socket: ListeningSocket, family: str, listeners: Sequence[Listener]) -> Step | None:
    wanted = None if socket.address in ANY else number_of(socket.address)
    if wanted is not None and context.route(wanted) != OUTSIDE:
        return None
    packet = Packet(dst=wanted, protocol=socket.protocol, dport=socket.port, to_host=True, family=family)
    ways = [way_in(context.firewall, packet, context.route)]
    if ways[0].partial:
        clients = {INTERNET_CLIENTS[family], context.expected.inside.neighbours.get(family, INTERNET_CLIENTS[family])}
        ways = [way_in(context.firewall, packet._replace(src=client), context.route) for client in sorted(clients)]
    port = f"{socket.protocol}/{socket.port}"
    if any(one.effect != REDIRECT for way in ways for one in way.arrival.translations):
        return None
    closed = [step for way in ways if (step := _redirected(way, port, listeners)) is not None]
    if len(closed) == len(ways):
        return closed[0]
    if closed:
        return replace(closed[0], state=UNKNOWN, detail=f"it depends on who the client is: {closed[0].detail}")
    return _decided(ways, port)


def _redirected(way: Way, port: str, listeners: Sequence[Listener]) -> Step | None:
    """Say that a rule sends the packets to a port of the host that nothing listens on."""
    packet = way.arrival.packet
    sockets = (one.socket for one in listeners if not is_loopback(one.socket))
    served = any((one.protocol, one.port) == (packet.protocol, packet.dport) for one in sockets)
    if served or not way.arrival.translations:
        return None
    rule = decided_by(way.arrival.translations[-1])
    detail = f"{rule} sends packets to {port} to {packet.protocol}/{packet.dport}, and nothing listens there"
    return Step(HOST, FAILED, detail, "dnat_wrong")


def _decided(ways: list[Way], port: str) -> Step | None:
    ends = [way.end for way in ways if way.end is not None]
    unclear = [one for way in ways for one in way.unclear]
    partial = [one for way in ways for one in way.partial]
    if ends and len(ends) == len(ways):
        detail = f"packets to {port} of the host are dropped by {decided_by(ends[0])}"
        return Step(HOST, BLOCKED, detail, "operator_rule")
    if unclear and not ends:
        return Step(HOST, UNKNOWN, f"{decided_by(unclear[0])} may match: it is not understood", NOT_UNDERSTOOD)
    if ends or partial:
        one = decided_by((*ends, *partial)[0])
        return Step(HOST, UNKNOWN, f"it depends on who the client is: {one}", NOT_UNDERSTOOD)
    return None
