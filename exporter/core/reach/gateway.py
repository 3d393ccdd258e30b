"""Whether the host's gateway is the device that answers for its address: clients beyond it need it."""

from collections.abc import Iterable
from ipaddress import ip_address

from exporter.core.explain.path import HOST, UNKNOWN, Step
from exporter.core.model.fib import RouteQuery
from exporter.core.reach.context import ReachContext
from exporter.core.reach.question import ANYWHERE
from exporter.core.reach.view import NamespaceView, Neighbour


def gateway_step(context: ReachContext, versions: Iterable[int]) -> Step | None:
    """Return the step of a gateway that does not answer, or whose permanent neighbour entry nothing confirms."""
    view = context.host.view
    for client in (one for one in ANYWHERE if ip_address(one).version in versions):
        route = context.host.lookup(RouteQuery(client))
        at = (route.ifindex, route.gateway)
        entries = (entry for entry in view.neighbours if route.gateway and (entry.ifindex, entry.address) == at)
        faults = (_step(view, entry) for entry in entries)
        if (step := next(filter(None, faults), None)) is not None:
            return step
    return None


def _step(view: NamespaceView, entry: Neighbour) -> Step | None:
    device = view.devices.get(entry.ifindex)
    on = f"{entry.address} on {device.link.name if device else entry.ifindex}"
    if entry.learned and not entry.mac_address:
        detail = f"the host's gateway {on} does not answer: clients beyond it get no answers"
        return Step(HOST, UNKNOWN, detail, "gateway_unconfirmed")
    if entry.learned or _is_confirmed(view, entry):
        return None
    detail = f"the host has a permanent neighbour entry of its gateway {on}, {entry.mac_address}: nothing confirms it"
    return Step(HOST, UNKNOWN, detail, "gateway_unconfirmed")


def _is_confirmed(view: NamespaceView, entry: Neighbour) -> bool:
    """Whether another address of the same device was learned with the same MAC address, as that of IPv6."""
    same = (one for one in view.neighbours if (one.ifindex, one.mac_address) == (entry.ifindex, entry.mac_address))
    return any(one.learned for one in same)
