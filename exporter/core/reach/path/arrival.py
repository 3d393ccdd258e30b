"""The server's end of a way: its own rules, its way back, its listening socket."""

import errno

from exporter.core.explain.path import FAILED, LINK, LISTENER, UNKNOWN, Step
from exporter.core.model.docker import Container
from exporter.core.model.fib import LOCAL, RouteQuery
from exporter.core.nat.walk.firewall import INPUT, OUTPUT, POSTROUTING, PREROUTING
from exporter.core.nat.walk.hooks import walk
from exporter.core.nat.walk.ways import answer_to
from exporter.core.reach.answer import BACK, INSIDE
from exporter.core.reach.context import ReachContext
from exporter.core.reach.path.listener_step import listener_step
from exporter.core.reach.path.rule_steps import filter_step, own_rules_step, unread_step
from exporter.core.reach.path.trip import Flow, Steps
from exporter.core.reach.view import NAMESPACE, RULES, Device, NamespaceView, Visited

FORGED = (errno.EINVAL, errno.EXDEV)  # of a lookup with an incoming device: rp_filter refuses the source


def lost_address(address: str, server: Container, view: NamespaceView) -> Step | None:
    """Return the step of a server whose namespace could not be visited, or that has lost its address."""
    if (why := view.missing(NAMESPACE)) is not None:
        return unread_step(LINK, f"the network namespace of {server.name} could not be read", why)
    if view.device_of(address) is not None:
        return None
    detail = f"{server.name} has lost its address {address}"
    return Step(LINK, FAILED, detail, "container_address_lost")


def arrival(context: ReachContext, server: Container, device: Device, flow: Flow) -> Steps:
    """Yield the steps in the server's namespace; `flow` is the connection as the server sees it."""
    there = context.visited(server)
    filters = [filter_step(INSIDE, there.view, device)]
    rules = [*filter(None, filters), *_own_rules(context, there, server, device, flow)]
    yield from rules
    if any(step.state == FAILED for step in rules):
        return
    if (step := _back(there, server, device, flow)) is not None:
        yield step
        return
    if server.state == "paused":
        detail = f"{server.name} is paused: its kernel accepts connections, and no process answers"
        yield Step(LISTENER, FAILED, detail, "container_paused", f"Run `docker unpause {server.name}`.")
    elif flow.port:
        yield listener_step(there.view, server.name, flow.protocol, flow.port, flow.destination)


def _own_rules(context: ReachContext, there: Visited, server: Container, device: Device, flow: Flow) -> Steps:
    name = device.link.name
    firewall = context.firewall_of(there.view)
    packet = flow.packet(iif=name, to_host=True)
    arrived = walk(firewall, packet, (PREROUTING, INPUT))
    step = own_rules_step(there.view, server.name, arrived, f"packets to {flow.protocol}/{flow.port}")
    if step is None and arrived.translations:
        to = arrived.packet.dport
        detail = f"NAT rules of {server.name} redirect {flow.protocol}/{flow.port} to port {to}"
        step = Step(INSIDE, UNKNOWN, detail, "redirected_inside")
    if step is not None:
        yield step
    if arrived.dropped or there.view.missing(RULES):
        return
    back = answer_to(packet, arrived.packet, packet)._replace(oif=name, iif="", from_host=True, to_host=False)
    answered = walk(firewall, back, (OUTPUT, POSTROUTING))
    if (step := own_rules_step(there.view, server.name, answered, "its answers")) is not None:
        yield step


def _back(there: Visited, server: Container, device: Device, flow: Flow) -> Step | None:
    """Whether the server's kernel takes the packet, and has a route for the answer."""
    taken = there.lookup(RouteQuery(flow.destination, flow.source, device.link.ifindex))
    if taken.error in FORGED:
        detail = f"{server.name} refuses packets of {flow.source} on {device.link.name} (rp_filter)"
        return Step(BACK, FAILED, detail, "source_refused")
    if taken.error or taken.type != LOCAL:
        return Step(BACK, UNKNOWN, f"whether {server.name} takes packets of {flow.source} is not known", "not_readable")
    home = there.lookup(RouteQuery(flow.source, flow.destination))
    if home.error:
        detail = f"{server.name} has no route back to {flow.source}"
        return Step(BACK, FAILED, detail, "no_route_back", f"Run `docker restart {server.name}`.")
    return None
