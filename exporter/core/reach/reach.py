"""Answer `explain A B`: from a container to another one, the host, or an address outside."""

from dataclasses import replace

from exporter.core.explain.path import FAILED, ROUTE, UNKNOWN, Note, Step
from exporter.core.explain.query import find_container
from exporter.core.explain.related_findings import related
from exporter.core.model.docker import Container
from exporter.core.model.fib import RouteQuery, RouteResult
from exporter.core.observation import Observation
from exporter.core.reach.answer import CONTAINER, End, ReachAnswer, ReachPath
from exporter.core.reach.context import ReachContext
from exporter.core.reach.names.resolve import Resolved
from exporter.core.reach.path.departure import departure
from exporter.core.reach.path.route_step import refused
from exporter.core.reach.path.rule_steps import unread_step
from exporter.core.reach.path.trip import Flow, Trip
from exporter.core.reach.question import Question
from exporter.core.reach.targets import no_port_step, ports, target_container, targets
from exporter.core.reach.view import NAMESPACE, Device, Visit, Visited

MAX_ADDRESSES = 4
NO_ENGINE = "the Docker Engine does not answer"
NO_ADDRESS = Step(ROUTE, UNKNOWN, "no address of the host is known", "route_unknown")


def reach(observation: Observation, question: Question, visit: Visit) -> ReachAnswer:
    """Follow the ways to every address of the target; `visit` reads a namespace."""
    context = ReachContext(observation, visit)
    client = find_container(context.inventory, question.source)
    server = find_container(context.inventory, question.target)
    steps = _cannot_leave(context, client, question)
    if client is None or steps:
        return _answer(context, question, (_path(question, steps),), client, server)
    if (why := context.visited(client).view.missing(NAMESPACE)) is not None:
        step = unread_step(CONTAINER, f"the network namespace of {client.name} could not be read", why)
        return _answer(context, question, (_path(question, (step,)),), client, server)
    found = targets(context, client, server, question)
    paths = tuple(
        _followed(context, client, server, replace(question, port=port), found, address)
        for address in found.addresses[:MAX_ADDRESSES]
        for port in ports(context, question, server, address)
    )
    return _answer(context, question, paths or (_path(question, found.steps or (NO_ADDRESS,)),), client, server)


def _cannot_leave(context: ReachContext, client: Container | None, question: Question) -> tuple[Step, ...]:
    if not context.inventory.connected:
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


def _followed(
    context: ReachContext,
    client: Container,
    server: Container | None,
    question: Question,
    found: Resolved,
    address: str,
) -> ReachPath:
    here = context.visited(client)
    result = here.lookup(RouteQuery(address))
    device = here.view.devices.get(result.ifindex)
    target = End(container=_name_of(context, server, address), address=address, network=found.network)
    if device is None:
        step = refused(context, client, here.view, address, result)
        return _path(question, (*found.steps, step), End(client.name), target)
    trip = _trip(context, client, here, question, address, result, device)
    steps = (*found.steps, *departure(trip))
    meant = target_container(context, server, address)
    if not question.port and meant is not None and not any(step.state == FAILED for step in steps):
        steps = (*steps, no_port_step(context, meant, question.protocol))
    source = End(client.name, context.home(client).name, device.link.name, trip.network_name, trip.flow.source)
    return replace(_path(question, steps, source, target), mtu=result.mtu or device.link.mtu)


def _trip(
    context: ReachContext,
    client: Container,
    here: Visited,
    question: Question,
    address: str,
    result: RouteResult,
    device: Device,
) -> Trip:
    same = (own for own in device.addresses if (":" in own) == (":" in address))
    flow = Flow(result.source or next(same, ""), address, question.protocol, question.port)
    return Trip(context, client, here, flow, result, device, context.network_of(client, device))


def _name_of(context: ReachContext, server: Container | None, address: str) -> str:
    owner = context.owner_of(address)
    return owner[0].name if owner else server.name if server else ""


def _path(
    question: Question, steps: tuple[Step, ...], source: End | None = None, target: End | None = None
) -> ReachPath:
    return ReachPath(source or End(question.source), target or End(), question.protocol, question.port, steps)


def _answer(
    context: ReachContext,
    question: Question,
    paths: tuple[ReachPath, ...],
    client: Container | None,
    server: Container | None,
) -> ReachAnswer:
    names = frozenset(one.name for one in (client, server) if one is not None)
    notes = (Note(f.kind, f.severity, f.detail) for f in related(context.observation, names))
    return ReachAnswer(str(question), paths, tuple(notes))
