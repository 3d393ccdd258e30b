"""Answer `explain A B`: from a container to another one, the host, or an address outside."""

from dataclasses import replace

from exporter.core.explain.path import FAILED, UNKNOWN, Note, Step
from exporter.core.explain.query import find_container
from exporter.core.explain.related_findings import related
from exporter.core.model.container_details import Details
from exporter.core.model.docker import Container
from exporter.core.model.fib import RouteQuery
from exporter.core.observation import Observation
from exporter.core.ports.unserved import is_loopback
from exporter.core.reach.answer import CONTAINER, End, ReachAnswer, ReachPath
from exporter.core.reach.departure import departure
from exporter.core.reach.names import Resolved, resolve
from exporter.core.reach.question import ANYWHERE, ANYWHERE_PORT, HOST, INTERNET, Question
from exporter.core.reach.records import ordered_networks
from exporter.core.reach.route_step import refused
from exporter.core.reach.rule_steps import unread_step
from exporter.core.reach.scene import HOST_MODE, Scene
from exporter.core.reach.trip import Flow, Trip
from exporter.core.reach.view import NAMESPACE, Visit, Visited

MAX_PORTS, MAX_ADDRESSES = 5, 4
NO_ENGINE = "the Docker Engine does not answer"


def reach(observation: Observation, question: Question, visit: Visit) -> ReachAnswer:
    """Follow the ways to every address of the target; `visit` reads a namespace."""
    scene = Scene(observation, visit)
    client = find_container(scene.inventory, question.source)
    server = find_container(scene.inventory, question.target)
    steps = _cannot_leave(scene, client, question)
    if client is None or steps:
        return _answer(scene, question, (_path(question, steps),), client, server)
    if (why := scene.visited(client).view.missing(NAMESPACE)) is not None:
        step = unread_step(CONTAINER, f"the network namespace of {client.name} could not be read", why)
        return _answer(scene, question, (_path(question, (step,)),), client, server)
    resolved = _resolved(scene, client, question, server)
    addresses = resolved.addresses or _by_address(scene, client, server)
    ports = _ports(scene, question, server)
    paths = tuple(
        _followed(scene, client, server, replace(question, port=port), resolved, address)
        for address in addresses[:MAX_ADDRESSES]
        for port in ports
    )
    return _answer(scene, question, paths or (_path(question, resolved.steps),), client, server)


def _cannot_leave(scene: Scene, client: Container | None, question: Question) -> tuple[Step, ...]:
    if not scene.inventory.connected:
        return (Step(CONTAINER, UNKNOWN, NO_ENGINE, "engine_unavailable"),)
    if client is None:
        return (Step(CONTAINER, UNKNOWN, f"there is no container {question.source}", "not_found"),)
    if not client.live:
        command = f"Run `docker start {client.name}`."
        return (Step(CONTAINER, FAILED, f"{client.name} is {client.state}", "container_down", command),)
    if client.state == "paused":
        command = f"Run `docker unpause {client.name}`."
        return (Step(CONTAINER, FAILED, f"{client.name} is paused: it sends nothing", "container_paused", command),)
    return ()


def _resolved(scene: Scene, client: Container, question: Question, server: Container | None) -> Resolved:
    """The addresses of the target: an address itself, the host's, the internet's, or what the name resolves to."""
    text = question.target
    if server is None and text == HOST:
        gateways = [e.gateway for _, e in ordered_networks(scene, client) if e.gateway]
        host_mode = scene.home(client).network_mode == HOST_MODE
        return Resolved(addresses=("127.0.0.1",) if host_mode else tuple(gateways[:1]) or _own_addresses(scene))
    if server is None and text == INTERNET:
        six = any(":" in a for d in scene.visited(client).view.devices.values() for a in d.addresses if a[:4] != "fe80")
        return Resolved(addresses=ANYWHERE if six and _has_global(scene, client) else ANYWHERE[:1])
    named = server.name if server is not None and text not in (server.name, server.id[:12]) else text
    return resolve(scene, client, named, server)


def _own_addresses(scene: Scene) -> tuple[str, ...]:
    """An address of the host's uplinks, for a client without a gateway."""
    uplinks = scene.observation.topology.devices.uplinks
    found = [a for d in scene.host.view.devices.values() if d.link.name in uplinks for a in d.addresses if ":" not in a]
    return tuple(found[:1])


def _has_global(scene: Scene, client: Container) -> bool:
    return any(endpoint.ip6_address for endpoint in scene.home(client).endpoints)


def _by_address(scene: Scene, client: Container, server: Container | None) -> tuple[str, ...]:
    """The server's address where its name does not resolve: on a network of the client's first."""
    if server is None or not server.live:
        return ()
    mine = [network.id for network, _ in ordered_networks(scene, client)]
    endpoints = sorted(scene.home(server).endpoints, key=lambda e: e.network_id not in mine)
    return tuple(e.ip_address or e.ip6_address for e in endpoints if e.ip_address or e.ip6_address)[:1]


def _ports(scene: Scene, question: Question, server: Container | None) -> list[int]:
    """The ports to follow: the one that is asked for, else those that the server listens on, or declares."""
    if question.port:
        return [question.port]
    if server is None:
        return [ANYWHERE_PORT if question.target != HOST else 0]
    listeners = scene.visited(server).view.listeners if server.live else ()
    own = {s.port for s in listeners if s.protocol == question.protocol and not is_loopback(s)}
    declared = [port for protocol, port in (server.details or Details()).exposed if protocol == question.protocol]
    return (sorted(own) or declared or [0])[:MAX_PORTS]


def _followed(
    scene: Scene, client: Container, server: Container | None, question: Question, resolved: Resolved, address: str
) -> ReachPath:
    here = scene.visited(client)
    result = here.lookup(RouteQuery(address))
    device = here.view.devices.get(result.ifindex)
    target = End(container=_name_of(scene, server, address), address=address, network=resolved.network)
    if result.error or device is None:
        step = refused(scene, client, here.view, address, result)
        return _path(question, (*resolved.steps, step), End(client.name), target)
    trip = _trip(scene, client, here, question, address)
    steps = (*resolved.steps, *departure(trip))
    if not question.port and server is not None and not any(step.state == FAILED for step in steps):
        steps = (*steps, Step("listener", FAILED, f"{server.name} listens on no port", "not_listening"))
    source = End(client.name, scene.home(client).name, device.link.name, trip.network_name, trip.flow.source)
    return replace(_path(question, steps, source, target), mtu=device.link.mtu)


def _trip(scene: Scene, client: Container, here: Visited, question: Question, address: str) -> Trip:
    result = here.lookup(RouteQuery(address))
    device = here.view.devices[result.ifindex]
    same = (own for own in device.addresses if (":" in own) == (":" in address))
    flow = Flow(result.source or next(same, ""), address, question.protocol, question.port)
    return Trip(scene, client, here, flow, result, device, scene.network_of(client, device))


def _name_of(scene: Scene, server: Container | None, address: str) -> str:
    owner = scene.owner_of(address)
    return owner[0].name if owner else server.name if server else ""


def _path(
    question: Question, steps: tuple[Step, ...], source: End | None = None, target: End | None = None
) -> ReachPath:
    return ReachPath(source or End(question.source), target or End(), question.protocol, question.port, steps)


def _answer(
    scene: Scene, question: Question, paths: tuple[ReachPath, ...], client: Container | None, server: Container | None
) -> ReachAnswer:
    names = frozenset(one.name for one in (client, server) if one is not None)
    notes = (Note(f.kind, f.severity, f.detail) for f in related(scene.observation, names))
    return ReachAnswer(str(question), paths, tuple(notes))
