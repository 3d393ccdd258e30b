"""Whether the host takes packets to a socket of its own, and has a route for the answers to clients outside.

Its routes to containers are steps of their own. Policy rules may go by the port, the user and the mark of the socket.
"""

from collections.abc import Iterator
from ipaddress import ip_address

from exporter.core.explain.path import FAILED, HOST, UNKNOWN, Step
from exporter.core.model.fib import LOCAL, RouteQuery, RouteResult
from exporter.core.model.sockets import ListeningSocket
from exporter.core.reach.answer import BACK
from exporter.core.reach.context import ReachContext
from exporter.core.reach.leaving import elsewhere
from exporter.core.reach.marked_routes import answer_mark
from exporter.core.reach.path.arrival import FORGED, compare
from exporter.core.reach.path.route_step import NO_ROUTE
from exporter.core.reach.question import ANYWHERE
from exporter.core.reach.sent_packets import sender
from exporter.core.reach.uplinks import is_outer
from exporter.core.topology.route_queries import outside_client

ANY = {"0.0.0.0": (4,), "::": (6, 4)}
UNSURE = ("route_unknown", "")
SEE = "See `ip rule` and `ip route get {}`."


def address_step(context: ReachContext, socket: ListeningSocket) -> Step | None:
    """Return the step of a socket that is bound to an address which clients outside do not reach."""
    if socket.address in ANY or ip_address(socket.address).is_loopback:
        return None
    what = f"{socket.protocol}/{socket.port}"
    taken = context.host.lookup(RouteQuery(socket.address))
    if taken.error in NO_ROUTE or (not taken.error and taken.type != LOCAL):
        detail = f"{what} is bound to {socket.address}, which no device of the host has"
        return Step(HOST, FAILED, detail, "address_lost")
    device = context.host.view.device_of(socket.address)
    if device is None or context.network_of_bridge(device.link.name) is None or is_outer(context, device.link.ifindex):
        return None
    detail = f"{what} is bound to an address of {device.link.name}: containers reach it, clients outside do not"
    return Step(HOST, UNKNOWN, detail, "wrong_address")


def answers_step(context: ReachContext, socket: ListeningSocket) -> Step | None:
    """Return the step of clients outside whose packets the host refuses, or to which it has no route."""
    for version in _versions(socket):
        known = [(client, _fault(context, socket, client, ifindex)) for client, ifindex in _clients(context, version)]
        faults = [(client, fault) for client, fault in known if fault is not None]
        if faults:
            client, (why, code, command) = faults[0]
            depends = "" if len(faults) == len(known) else "it depends on who the client is: "
            return Step(BACK, UNKNOWN, f"{depends}the host {why}", code, command or SEE.format(client))
    return None


def _versions(socket: ListeningSocket) -> tuple[int, ...]:
    if socket.address == "::" and socket.v6only:
        return (6,)
    return ANY.get(socket.address) or (ip_address(socket.address).version,)


def _clients(context: ReachContext, version: int) -> Iterator[tuple[str, int]]:
    """Yield clients on the networks of the uplinks, and one of the internet where there is a route to it."""
    topology = context.observation.topology
    for uplink in topology.uplinks:
        if client := outside_client(topology, uplink, version):
            yield client, uplink.ifindex
    far = next(address for address in ANYWHERE if ip_address(address).version == version)
    route = context.host.lookup(RouteQuery(far))
    if not route.error and route.type != LOCAL:
        yield far, route.ifindex


def _fault(context: ReachContext, socket: ListeningSocket, client: str, ifindex: int) -> tuple[str, str, str] | None:
    """Return what is wrong, its code and the command; None also where a lookup could not be made."""
    version, port = ip_address(client).version, (socket.protocol, socket.port)
    own = socket.address if socket.address not in ANY else _own_address(context, ifindex, version)
    if not own:
        return None
    taken = context.host.lookup(RouteQuery(own, client, ifindex, *port))
    if taken.error in FORGED:
        return (
            f"refuses packets of {client} (rp_filter, or {client} is an address of its own)",
            "source_refused",
            compare(client),
        )
    if taken.error in NO_ROUTE or (not taken.error and taken.type != LOCAL):
        return f"does not take packets of {client} to {own}", "route_refused", ""
    uid, mark = sender(context.host.view, *port)
    home = RouteQuery(client, own, protocol=socket.protocol, source_port=socket.port, uid=uid)
    marks = answer_mark(context, socket, (client, own), mark).values
    if not marks:
        return f"marks answers to {client} by rules that are not understood, and policy rules may go by it", *UNSURE
    found = (_lost(context, client, context.host.lookup(home._replace(mark=one)), ifindex) for one in (mark, *marks))
    return next(filter(None, found), None)


def _own_address(context: ReachContext, ifindex: int, version: int) -> str:
    device = context.host.view.devices.get(ifindex)
    found = (ip_address(address) for address in (device.addresses if device else ()))
    return next((str(one) for one in found if one.version == version and not one.is_link_local), "")


def _lost(context: ReachContext, client: str, result: RouteResult, home: int) -> tuple[str, str, str] | None:
    if result.error in NO_ROUTE:
        return f"has no route for answers to {client}", "no_route_back", ""
    device = context.host.view.devices.get(result.ifindex)
    if result.error or device is None:
        return None
    if result.type == LOCAL or context.network_of_bridge(device.link.name) is not None:
        return f"sends answers to {client} to {device.link.name}", "no_route_back", ""
    if elsewhere(context, client, {result.ifindex}, home):
        return f"routes answers to {client} to {device.link.name}, which may not lead there", "no_route_back", ""
    return None
