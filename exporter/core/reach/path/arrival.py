"""The server's end of a way: its own rules, its way back, its listening socket."""

import errno
from ipaddress import ip_address

from exporter.core.explain.endpoint_steps import PAUSED, shared_by_running
from exporter.core.explain.path import FAILED, LINK, LISTENER, UNKNOWN, Step
from exporter.core.model.docker import Container
from exporter.core.model.fib import LOCAL, RouteQuery, RouteResult
from exporter.core.reach.answer import BACK, INSIDE
from exporter.core.reach.context import ReachContext
from exporter.core.reach.discovery import discovery_step
from exporter.core.reach.path.holders import holder, searched
from exporter.core.reach.path.ipsec_step import ipsec_step
from exporter.core.reach.path.link_step import bridge_of
from exporter.core.reach.path.listener_step import listener_step
from exporter.core.reach.path.own_rules import receiving
from exporter.core.reach.path.route_step import NO_ROUTE, unknown_route
from exporter.core.reach.path.rule_steps import filter_step, unread_step
from exporter.core.reach.path.trip import Flow, Steps
from exporter.core.reach.sent_packets import own_marks_step, sender, server_programs_step, ttl_step
from exporter.core.reach.view import NAMESPACE, Device, NamespaceView, Visited

VETH = "veth"
JOINING = frozenset({VETH, "bridge", "bond", "team", "vlan", "vrf"})  # what may lead to the host by other devices
FORGED = (errno.EINVAL, errno.EXDEV)  # of a lookup with an incoming device: rp_filter refuses the source


def compare(source: str, pid: int = 0) -> str:
    """Return the remedy of a source that rp_filter refuses, in the namespace of a process or the host's."""
    enter = f"nsenter -t {pid} -n " if pid else ""
    return f"Compare `{enter}ip route get {source}` with the device that it comes in by; rp_filter=2 is the loose mode."


def lost_address(address: str, server: Container, view: NamespaceView) -> Step | None:
    """Return the step of a server whose namespace could not be visited, or that has lost its address."""
    if (why := view.missing(NAMESPACE)) is not None:
        return unread_step(LINK, f"the network namespace of {server.name} could not be read", why)
    device = view.device_of(address)
    if device is not None and address in device.duplicates:
        detail = f"{server.name} does not use its address {address}: another device on the link has it, too"
        return Step(LINK, FAILED, detail, "container_address_lost", "See `ip -6 address` (dadfailed) in both.")
    if device is not None:
        return None
    detail = f"{server.name} has lost its address {address}"
    return Step(LINK, FAILED, detail, "container_address_lost")


def arrival(context: ReachContext, server: Container, device: Device, flow: Flow) -> Steps:
    """Yield the steps in the server's namespace; `flow` is the connection as the server sees it."""
    there = context.visited(server)
    covered = ipsec_step(INSIDE, there.view, server.name, [flow.destination], [flow.source])
    found = discovery_step(context, there.view, server.name, flow, device)
    programs = server_programs_step(there.view, server.name)
    yield from filter(None, [filter_step(INSIDE, there.view, device), covered, found, programs])
    rules = receiving(context, there.view, server.name, flow, device)
    yield from rules.steps
    if not rules.goes_on:
        return
    flow = rules.flow or flow
    marked = own_marks_step(there, server.name, "its answers", _answers(there.view, flow), rules.mark)
    yield from filter(None, [marked])
    if (
        step := _back(context, there, server, device, flow) or _next_hop(context, there, server, device, flow)
    ) is not None:
        yield step
        return
    if server.state == PAUSED:
        detail = f"{server.name} is paused: its kernel accepts connections, and no process answers"
        state = UNKNOWN if shared_by_running(context.inventory, server) else FAILED
        yield Step(LISTENER, state, detail, "container_paused", f"Run `{context.words.cli} unpause {server.name}`.")
    elif flow.port:
        at, by = (flow.protocol, flow.port, flow.destination), device.link.ifindex
        yield listener_step(there.view, server.name, *at, by, flow.source)


def _back(context: ReachContext, there: Visited, server: Container, device: Device, flow: Flow) -> Step | None:
    """Whether the server's kernel takes the packet, and has a route for the answer."""
    taken = there.lookup(RouteQuery(flow.destination, flow.source, device.link.ifindex, flow.protocol, flow.port))
    if taken.error in FORGED:
        detail = f"{server.name} refuses packets of {flow.source} on {device.link.name} (rp_filter)"
        return Step(BACK, FAILED, detail, "source_refused", compare(flow.source, server.pid))
    refused = taken.error in NO_ROUTE or (not taken.error and taken.type != LOCAL)
    if refused and there.view.device_of(flow.destination) is not None:
        detail = f"{server.name} does not take packets to its own address {flow.destination}: it has no local route"
        return Step(BACK, FAILED, detail, "local_route_lost")
    if taken.error or taken.type != LOCAL:
        return Step(BACK, UNKNOWN, f"whether {server.name} takes packets of {flow.source} is not known", "not_readable")
    home = there.lookup(_answers(there.view, flow))
    if home.error and home.error not in NO_ROUTE:
        return unknown_route(server.name, flow.source, home)
    if home.error:
        detail = f"{server.name} has no route back to {flow.source}"
        return Step(BACK, FAILED, detail, "no_route_back", f"Run `{context.words.cli} restart {server.name}`.")
    return None


def _answers(view: NamespaceView, flow: Flow) -> RouteQuery:
    """The lookup of the answers: policy rules may go by the user of the socket, and by its mark, too."""
    uid, mark = sender(view, flow.protocol, flow.port)
    return RouteQuery(flow.source, flow.destination, protocol=flow.protocol, source_port=flow.port, mark=mark, uid=uid)


def _next_hop(context: ReachContext, there: Visited, server: Container, device: Device, flow: Flow) -> Step | None:
    """Whether the answers go to the host: another next hop may drop them, or send them on untranslated."""
    host = context.host.view
    if device.link.kind != VETH or host.missing(NAMESPACE):
        return None
    home = there.lookup(_answers(there.view, flow))
    out = there.view.devices.get(home.ifindex, device)
    if out.link.ifindex != device.link.ifindex and not ip_address(flow.source).is_loopback:
        return _by_another_device(context, server, out, flow)
    at_host = bool(home.gateway) and host.device_of(home.gateway) is not None
    if flow.masqueraded or (at_host and host.device_of(flow.source) is None):
        return _time_to_live(there, server, device, flow, home)
    if not home.gateway or at_host:
        return None
    hop, network = home.gateway, context.network_of(server, device)
    unused = network is not None and holder(context, hop, network) is None and searched(context, network)
    detail = f"{server.name} sends its answers to {hop}, which {'no device' if unused else 'not the host'} has"
    return Step(BACK, FAILED if unused else UNKNOWN, detail, "next_hop_unknown")


def _time_to_live(there: Visited, server: Container, device: Device, flow: Flow, home: RouteResult) -> Step | None:
    """Whether the host forwards the answers."""
    return ttl_step(BACK, there.view, device, f"the answers of {server.name}", six=":" in flow.source, route=home)


def _by_another_device(context: ReachContext, server: Container, out: Device, flow: Flow) -> Step | None:
    """Whether answers by another device than that of the address return to the host, and whether it takes them."""
    owner = context.home(server)
    bridge = bridge_of(context, owner, out)
    if bridge is None:
        state = UNKNOWN if out.link.kind in JOINING else FAILED
        detail = f"{server.name} sends its answers to {flow.source} by {out.link.name}, and not back to the host"
        command = (
            f"See `nsenter -t {owner.pid} -n ip route get {flow.source}`: a VPN needs a route past it for clients."
        )
        return Step(BACK, state, detail, "next_hop_unknown", command)
    taken = context.host.lookup(RouteQuery(flow.source, flow.destination, bridge.link.ifindex))
    if taken.error not in FORGED:
        return None
    by = f"{server.name} sends its answers by {out.link.name}"
    detail = f"{by}, and the host refuses them on {bridge.link.name} (rp_filter)"
    return Step(BACK, FAILED, detail, "source_refused", compare(flow.destination))
