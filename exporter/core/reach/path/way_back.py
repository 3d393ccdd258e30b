"""The host's route for the answers to a container."""

from exporter.core.explain.path import FAILED, Step
from exporter.core.model.fib import RouteQuery
from exporter.core.reach.answer import BACK
from exporter.core.reach.context import ReachContext
from exporter.core.reach.path.arrival import FORGED, compare
from exporter.core.reach.path.route_step import NO_ROUTE, unknown_route
from exporter.core.reach.view import Device


def way_back(context: ReachContext, query: RouteQuery, bridge: Device) -> Step | None:
    """Return the step of answers that the host does not route to the container's bridge; None where it does.

    `query` is that of an answer: as received by a device, or as the host sends it.
    """
    result = context.host.lookup(query)
    if query.ifindex and result.error in FORGED:
        detail = f"the host refuses the answers of {query.source} (rp_filter)"
        return Step(BACK, FAILED, detail, "source_refused", compare(query.source))
    out = context.host.view.devices.get(result.ifindex)
    if result.error not in (0, *NO_ROUTE) or (not result.error and out is None):
        return unknown_route("the host", query.destination, result)
    if out is not None and out.link.ifindex == bridge.link.ifindex:
        return None
    to = query.destination
    detail = f"routes {to} to {out.link.name}, and not to {bridge.link.name}" if out else f"has no route to {to}"
    command = f"Run `ip route get {to}` and `ip rule`, and remove the route or rule that takes it elsewhere."
    return Step(BACK, FAILED, f"the host {detail}", "route_lost", command)
