"""The host's routes of a published port with all that policy rules look at: the firewall's mark, protocol and ports.

The routes of a container's address alone are a step already; these are looked up for each question.
"""

from collections.abc import Iterator

from msgspec import Struct

from exporter.core.explain.path import FAILED, ROUTE, UNKNOWN, Step
from exporter.core.model.docker import Container
from exporter.core.model.fib import UNICAST, RouteQuery
from exporter.core.model.sockets import ListeningSocket
from exporter.core.nat.address_numbers import family_of, number_of
from exporter.core.nat.context import NatContext, packet_to
from exporter.core.nat.expected import ExpectedBinding
from exporter.core.nat.packet import YES, Mark, Packet
from exporter.core.nat.walk.firewall import OUTPUT, PREROUTING
from exporter.core.nat.walk.hooks import walk
from exporter.core.nat.walk.ways import answer_to, way_in
from exporter.core.reach.context import ReachContext
from exporter.core.reach.leaving import elsewhere, has_default_route, name_of
from exporter.core.reach.path.route_step import NO_ROUTE
from exporter.core.reach.question import ANYWHERE
from exporter.core.topology.route_queries import container_routes

ONWARD = 1  # of a way's parts


class _Lookup(Struct, frozen=True):
    """A lookup without a mark, which packets it is for, and the devices to which they may be routed; none: any.

    `home` is the device by which answers should leave, as their packets came by it; 0 for packets that are none.
    """

    query: RouteQuery
    packets: str
    devices: frozenset[int]
    home: int = 0


def marked_route_steps(context: ReachContext, container: Container, binding: ExpectedBinding) -> Iterator[Step]:
    """Yield what is wrong with the routes from each uplink to the container, and of its answers."""
    nat = context.nat
    if nat is None:
        return
    own, protocol = binding.container_port, binding.protocol
    uplinks = frozenset(link.ifindex for link in context.observation.topology.uplinks)
    for route in container_routes(context.observation.topology):
        if (route.container.id, route.address) != (context.home(container).id, binding.targets[0]):
            continue
        there, back = _marks(nat, binding, route.uplink.name)
        inbound = route.inbound._replace(protocol=protocol, port=own)
        devices = frozenset({route.bridge.ifindex})
        yield from _steps(context, _Lookup(inbound, f"packets to {route.address}", devices), there)
        if route.outbound is not None:
            outbound = route.outbound._replace(protocol=protocol, source_port=own)
            answers = _Lookup(outbound, f"answers of {route.address}", uplinks, route.uplink.ifindex)
            yield from _steps(context, answers, back)
            yield from _leaving_steps(context, answers, back)


def _marks(nat: NatContext, binding: ExpectedBinding, uplink: str) -> tuple[Mark, Mark]:
    """The marks with which the packets from an uplink to the container, and its answers, are routed."""
    way = nat.way(binding, uplink)
    forwarded = way.arrival.packet
    if len(way.parts) <= ONWARD:
        return forwarded.mark, Mark()
    answer = answer_to(packet_to(binding), way.parts[ONWARD].packet, forwarded)
    return forwarded.mark, walk(nat.firewall, answer, (PREROUTING,)).packet.mark


def _steps(context: ReachContext, lookup: _Lookup, mark: Mark) -> Iterator[Step]:
    if not mark.values:
        detail = f"rules give {lookup.packets} a mark that is not known, and policy rules may go by it"
        yield Step(ROUTE, UNKNOWN, detail, "route_unknown")
    for value in mark.values:
        fault = _fault(context, lookup, value)
        if fault:
            state, code = (FAILED, "route_lost") if mark.certainty == YES else (UNKNOWN, "route_unknown")
            yield Step(ROUTE, state, f"{lookup.packets}{f' with mark {value:#x}' if value else ''} {fault}", code)


def _leaving_steps(context: ReachContext, lookup: _Lookup, mark: Mark) -> Iterator[Step]:
    """Yield what answers to a client on the uplink's network, and to one of the internet, leave by instead."""
    near = lookup.query.destination
    for client in (near, *(one for one in ANYWHERE if (":" in one) == (":" in near))):
        query = lookup.query._replace(destination=client)
        results = [context.host.lookup(query._replace(mark=value)) for value in mark.values]
        leaving = {result.ifindex for result in results if not result.error}
        refused = bool(results) and all(result.error in NO_ROUTE for result in results)
        if refused and client != near and has_default_route(context, client):
            detail = f"it depends on who the client is: the host has no route for {lookup.packets} to {client}"
            yield Step(ROUTE, UNKNOWN, detail, "return_route_lost")
        if device := elsewhere(context, client, leaving, lookup.home):
            home = f"beyond {name_of(context, lookup.home)}" if client == near else "of the internet"
            detail = f"{lookup.packets} are routed to {device}: whether a client {home} gets them is not known"
            yield Step(ROUTE, UNKNOWN, detail, "return_route_lost")


def _fault(context: ReachContext, lookup: _Lookup, mark: int) -> str:
    """Say what is wrong with one lookup; one that could not be made is the step of the address alone."""
    result = context.host.lookup(lookup.query._replace(mark=mark))
    if result.error:
        plain = context.host.lookup(lookup.query._replace(mark=0, protocol="", port=0, source_port=0))
        return "" if plain.error == result.error else "are refused by a policy rule or a route"
    if result.type != UNICAST or (lookup.devices and result.ifindex not in lookup.devices):
        return f"are routed to {name_of(context, result.ifindex)}"
    return ""


def answer_mark(context: ReachContext, socket: ListeningSocket, ends: tuple[str, str], mark: int) -> Mark:
    """Return the mark of an answer of a socket of the host; `ends` are the client and the host, `mark` is the socket's.

    Behind the output chains the kernel looks up the route once more (net/ipv4/netfilter.c: ip_route_me_harder).
    """
    own = Mark((mark,))
    if context.nat is None:
        return own
    client, host = map(number_of, ends)
    sent = Packet(
        src=client, dst=host, protocol=socket.protocol, dport=socket.port, to_host=True, family=family_of(ends[0])
    )
    firewall = context.nat.firewall
    way = way_in(firewall, sent, context.nat.route)
    if len(way.parts) <= ONWARD:
        return own  # it is dropped: a step of the rules
    answer = answer_to(sent, way.parts[ONWARD].packet, way.arrival.packet)
    return walk(firewall, answer._replace(mark=own), (OUTPUT,)).packet.mark
