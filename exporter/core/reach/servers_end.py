"""The container's own end of a path to a published port, and the host's uplinks before it.

`explain PORT` reads these only where every other step is ok: they need a visit of the namespaces.
"""

from collections.abc import Iterator
from ipaddress import ip_address

from msgspec.structs import replace

from exporter.core.explain.nat_steps import dnat_targets
from exporter.core.explain.path import (
    FAILED,
    LISTENER,
    OK,
    REACHABLE,
    ROUTE,
    UNKNOWN,
    Explanation,
    Path,
    Step,
    with_names,
)
from exporter.core.explain.query import find_container
from exporter.core.explain.routed_steps import routed_addresses
from exporter.core.model.container_details import PortBinding
from exporter.core.model.docker import Container
from exporter.core.model.fib import RouteQuery
from exporter.core.nat.expected import ExpectedBinding
from exporter.core.observation import Observation
from exporter.core.reach.answer import INSIDE
from exporter.core.reach.context import ReachContext
from exporter.core.reach.hosts_end import hosts_end
from exporter.core.reach.marked_routes import marked_route_steps
from exporter.core.reach.path.delivery import to_server
from exporter.core.reach.path.docker_proxy import loopback_step, proxys_rules_step
from exporter.core.reach.path.rule_steps import unread_step
from exporter.core.reach.path.trip import Flow
from exporter.core.reach.proxied_family import proxied_family_steps
from exporter.core.reach.question import ANYWHERE
from exporter.core.reach.uplinks import uplink_step
from exporter.core.reach.view import NAMESPACE, Device, Visit
from exporter.core.topology.route_queries import outside_client

CLIENTS = {ip_address(client).version: client for client in ANYWHERE}  # any client outside stands for all


def with_servers_end(explanation: Explanation, observation: Observation, visit: Visit) -> Explanation:
    """Add what is not ok in the containers' namespaces to the paths that are reachable so far."""
    context = ReachContext(observation, visit)
    paths = (_with_faults(context, path) if path.verdict == REACHABLE else path for path in explanation.paths)
    return replace(explanation, paths=tuple(paths))


def _with_faults(context: ReachContext, path: Path) -> Path:
    """Add the faults; one of the listening socket, which was read in between, replaces its step."""
    outer = (*filter(None, [uplink_step(context, path)]), *hosts_end(context, path))
    faults = (*outer, *proxied_family_steps(context, path), *_steps(context, path))
    served = any(fault.name == LISTENER for fault in faults)
    before = (step for step in path.steps if not (served and step.name == LISTENER))
    return replace(path, steps=(*before, *faults))


def _steps(context: ReachContext, path: Path) -> Iterator[Step]:
    container = find_container(context.inventory, path.container) if path.container and path.container_port else None
    if container is None:
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
            proxied = loopback or _is_proxied(context, container, target)
            clients = _clients(context, address, proxied=proxied)
            if not all(clients):
                seen.add(Step(ROUTE, FAILED, f"the host has no route for its own packets to {address}", "route_lost"))
                continue
            flows = [Flow(client, address, path.protocol, path.container_port) for client in clients]
            bridge = _bridge(context, target.network)
            seen |= set(_joined([list(_faults(context, container, flow, bridge)) for flow in flows]))
            seen |= set() if proxied else set(marked_route_steps(context, container, target))
            seen |= set(_proxys_faults(context, container, flows[0], bridge)) if proxied else set()
            if loopback:
                own = Flow(path.addresses[0], path.addresses[0], path.protocol, path.port)
                seen |= set(filter(None, [loopback_step(context, own, target, bridge)]))
    seen |= set(_routed_faults(context, container, path))
    yield from sorted(seen, key=lambda step: (step.name, step.detail))


def _routed_faults(context: ReachContext, container: Container, path: Path) -> Iterator[Step]:
    """Yield the faults of a path to the container's own addresses, on networks that are routed to."""
    for host_ip in path.addresses if not path.port else ():
        binding = PortBinding(path.protocol, path.container_port, host_ip)
        for address in routed_addresses(context.observation, container, binding):
            flows = [
                Flow(one, address, path.protocol, path.container_port)
                for one in _clients(context, address, proxied=False)
            ]
            network = context.network_with(address)
            bridge = _bridge(context, network.name if network else "")
            yield from _joined([list(_faults(context, container, flow, bridge)) for flow in flows])


def _is_proxied(context: ReachContext, container: Container, target: ExpectedBinding) -> bool:
    """Whether docker-proxy takes the connections of clients outside, as no rule translates them."""
    if context.nat is None or container.name not in (context.observation.proxies or {}):
        return False
    return not context.nat.way(target).arrival.translations


def _proxys_faults(context: ReachContext, container: Container, flow: Flow, bridge: Device | None) -> Iterator[Step]:
    """Yield what the host's rules do to docker-proxy's own connection; nothing without a docker-proxy."""
    if container.name in (context.observation.proxies or {}):
        step = proxys_rules_step(context, flow, bridge)
        yield from filter(None, [step])


def _bridge(context: ReachContext, network: str) -> Device | None:
    name = next((one.bridge for one in context.networks.values() if one.name == network and one.bridge), "")
    return next((device for device in context.host.view.devices.values() if device.link.name == name), None)


def _clients(context: ReachContext, address: str, *, proxied: bool) -> list[str]:
    """The sources that the container sees: a client of the internet, and one on the host's own network.

    Of connections of docker-proxy it is the host.
    """
    if proxied:
        return [context.host.lookup(RouteQuery(address)).source]
    version, topology = ip_address(address).version, context.observation.topology
    near = dict.fromkeys(outside_client(topology, uplink, version) for uplink in topology.uplinks)
    return [CLIENTS[version], *filter(None, near)]


def _joined(found: list[list[Step]]) -> Iterator[Step]:
    """Yield the faults of the first client where no client gets through, else what concerns all of them as it is.

    What concerns some of them alone depends on who the client is.
    """
    if all(any(step.state == FAILED for step in faults) for faults in found):
        yield from found[0]
        return
    kinds = [{_kind(step) for step in faults} for faults in found]
    common = set.intersection(*kinds)
    first = {_kind(step): step for faults in reversed(found) for step in reversed(faults)}
    for kind, step in first.items():
        if kind in common:
            yield step
        else:
            yield replace(step, state=UNKNOWN, detail=f"it depends on who the client is: {step.detail}")


def _kind(step: Step) -> tuple[str, str, str]:
    return step.name, step.state, step.code


def _faults(context: ReachContext, container: Container, flow: Flow, bridge: Device | None) -> Iterator[Step]:
    """Yield what is not ok between the network's bridge and the container's socket."""
    found = context.network_of_bridge(bridge.link.name) if bridge else None
    pid = context.home(container).pid
    for step in to_server(context, flow, container, found, bridge):
        if step.state != OK:
            yield with_names(step, context.words, container.name, pid)
