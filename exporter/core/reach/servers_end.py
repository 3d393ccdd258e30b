"""The container's own end of a path to a published port: its rules, its routes, its address.

`explain PORT` reads these only where every other step is ok: they need a visit of the namespace.
"""

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_address

from exporter.core.explain.nat_steps import dnat_targets
from exporter.core.explain.path import LISTENER, OK, REACHABLE, Explanation, Path, Step, with_names
from exporter.core.explain.query import find_container
from exporter.core.model.docker import Container
from exporter.core.model.fib import RouteQuery
from exporter.core.observation import Observation
from exporter.core.reach.answer import INSIDE
from exporter.core.reach.context import ReachContext
from exporter.core.reach.marked_routes import marked_route_steps
from exporter.core.reach.path.delivery import to_server
from exporter.core.reach.path.rule_steps import unread_step
from exporter.core.reach.path.trip import Flow
from exporter.core.reach.question import ANYWHERE
from exporter.core.reach.view import NAMESPACE, Visit

CLIENTS = {ip_address(client).version: client for client in ANYWHERE}  # any client outside stands for all


def with_servers_end(explanation: Explanation, observation: Observation, visit: Visit) -> Explanation:
    """Add what is not ok in the containers' namespaces to the paths that are reachable so far."""
    context = ReachContext(observation, visit)
    paths = (
        replace(path, steps=(*path.steps, *_steps(context, path))) if path.verdict == REACHABLE else path
        for path in explanation.paths
    )
    return replace(explanation, paths=tuple(paths))


def _steps(context: ReachContext, path: Path) -> Iterator[Step]:
    container = find_container(context.inventory, path.container) if path.container and path.container_port else None
    if container is None or not path.port:
        return
    home = context.home(container)
    if (why := context.visited(home).view.missing(NAMESPACE)) is not None:
        yield unread_step(INSIDE, f"rules and routes inside {container.name} could not be read", why)
        return
    versions = {ip_address(address).version for address in path.addresses}
    loopback = all(ip_address(address).is_loopback for address in path.addresses)
    seen: set[Step] = set()
    for target in dnat_targets(context.observation, container.name, path.protocol, path.port):
        address = target.targets[0]
        if ip_address(address).version in versions:
            flow = Flow(_client(context, address, loopback=loopback), address, path.protocol, path.container_port)
            seen |= set(_faults(context, container, flow, target.network))
            seen |= set() if loopback else set(marked_route_steps(context, container, target))
    yield from sorted(seen, key=lambda step: (step.name, step.detail))


def _client(context: ReachContext, address: str, *, loopback: bool) -> str:
    """The source that the container sees: of a port on the host's loopback docker-proxy, which is the host."""
    if loopback:
        return context.host.lookup(RouteQuery(address)).source
    return CLIENTS[ip_address(address).version]


def _faults(context: ReachContext, container: Container, flow: Flow, network: str) -> Iterator[Step]:
    """Yield what is not ok between the network's bridge and the container; its sockets are a step already."""
    found = next((one for one in context.networks.values() if one.name == network and one.bridge), None)
    devices = context.host.view.devices.values()
    bridge = next((device for device in devices if found is not None and device.link.name == found.bridge), None)
    pid = context.home(container).pid
    for step in to_server(context, flow, container, found, bridge):
        if step.state != OK and step.name != LISTENER:
            yield with_names(step, context.words, container.name, pid)
