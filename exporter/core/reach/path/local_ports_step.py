"""Whether the client's kernel has a local port left for the connection."""

from exporter.core.explain.path import FAILED, Step
from exporter.core.model.fib import RouteQuery
from exporter.core.reach.answer import INSIDE
from exporter.core.reach.path.trip import Flow
from exporter.core.reach.view import Visited


def local_ports_step(there: Visited, whose: str, flow: Flow) -> Step | None:
    """Return the failed step of a client without one; None also where it is not known."""
    if not flow.port:
        return None
    query = RouteQuery(flow.destination, flow.source, protocol=flow.protocol, port=flow.port)
    if there.free_ports(query) != 0:
        return None
    detail = f"{whose} has no local port left for connections to {flow.destination}, {flow.protocol}/{flow.port}"
    return Step(INSIDE, FAILED, detail, "local_ports_exhausted")
