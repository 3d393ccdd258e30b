"""Answer `explain A B`: from a container to another one, the host, or an address outside."""

from msgspec import Struct
from msgspec.structs import replace

from exporter.core.explain.down import how_down, start_command
from exporter.core.explain.network_steps import orphaned_step
from exporter.core.explain.path import FAILED, LISTENER, ROUTE, UNKNOWN, Note, Step, with_names
from exporter.core.explain.query import find_container, find_source, why_no_container
from exporter.core.explain.related_findings import related
from exporter.core.model.docker import Container, Endpoint
from exporter.core.observation import Observation
from exporter.core.reach.answer import BACK, CONTAINER, INSIDE, End, ReachAnswer, ReachPath
from exporter.core.reach.context import ReachContext
from exporter.core.reach.counted import counted_connections
from exporter.core.reach.names.common_network import common_network
from exporter.core.reach.names.resolve import Resolved
from exporter.core.reach.path.departure import departure
from exporter.core.reach.path.route_step import refused
from exporter.core.reach.path.rule_steps import unread_step
from exporter.core.reach.path.trip import Flow, Trip
from exporter.core.reach.question import HOST, INTERNET, Question, is_address
from exporter.core.reach.targets import no_port_step, ports, server_of, target_container, targets
from exporter.core.reach.view import NAMESPACE, Visit

MAX_ADDRESSES = 4
NO_ENGINE = "the Docker Engine does not answer"
FROM_OUTSIDE = "Name a container as the source, or run `dockernet-exporter explain PORT` for a port of this host."
NO_ADDRESS = Step(ROUTE, UNKNOWN, "no address of the host is known", "route_unknown")


class _Ends(Struct, frozen=True):
    """The question with the containers that it names."""

    context: ReachContext
    question: Question
    client: Container
    server: Container | None


def reach(observation: Observation, question: Question, visit: Visit) -> ReachAnswer:
    """Follow the paths to every address of the target; `visit` reads a namespace."""
    context = ReachContext(observation, visit)
    client = find_source(context.inventory, question.source)
    fault = _cannot_send(context, client, question.source)
    server = server_of(context, None if fault else client, question.target)
    names = frozenset(one.name for one in (client, server) if one is not None)
    notes = tuple(Note(f.kind, f.severity, f.detail) for f in related(observation, names))
    if client is None or fault is not None:
        return ReachAnswer(str(question), (_path(question, (fault,) if fault else ()),), notes)
    found = targets(context, client, server, question)
    paths = _paths(_Ends(context, question, client, server), found)
    counted = counted_connections(observation.connections, context.home(client).name, question, paths)
    return ReachAnswer(str(question), paths, notes, (found.server, found.names), counted)


def _cannot_send(context: ReachContext, client: Container | None, source: str) -> Step | None:
    if not context.inventory.connected:
        return Step(CONTAINER, UNKNOWN, NO_ENGINE, "engine_unavailable")
    if client is None:
        command = FROM_OUTSIDE if source in (HOST, INTERNET) else ""
        return Step(CONTAINER, UNKNOWN, why_no_container(context.inventory, source), "not_found", command)
    orphaned = orphaned_step(context.observation.network.context, client)
    return _down(context, client) or orphaned or _unread(context, client)


def _down(context: ReachContext, client: Container) -> Step | None:
    if not client.live:
        command = start_command(context.words, client)
        return Step(CONTAINER, FAILED, f"{client.name} is {how_down(client)}", "container_down", command)
    if client.state == "paused":
        command = f"Run `{context.words.cli} unpause {client.name}`."
        return Step(CONTAINER, FAILED, f"{client.name} is paused: it sends nothing", "container_paused", command)
    return None


def _unread(context: ReachContext, client: Container) -> Step | None:
    if (why := context.visited(client).view.missing(NAMESPACE)) is not None:
        return unread_step(CONTAINER, f"the network namespace of {client.name} could not be read", why)
    return None


def _paths(ends: _Ends, found: Resolved) -> tuple[ReachPath, ...]:
    if not found.addresses:
        return (_path(ends.question, found.steps or (NO_ADDRESS,), End(ends.client.name)),)
    return tuple(
        _followed(ends, replace(ends.question, protocol=protocol, port=port), found, address)
        for address in found.addresses[:MAX_ADDRESSES]
        for protocol, port in ports(ends.context, ends.question, ends.server, address)
    )


def _followed(ends: _Ends, question: Question, found: Resolved, address: str) -> ReachPath:
    context, client, port = ends.context, ends.client, question.port
    here = context.visited(client)
    result = here.opened(address, question.protocol, port)
    device = here.view.devices.get(result.ifindex)
    owner, meant = context.owner_of(address), target_container(context, ends.server, address)
    target = End(container=owner[0].name if owner else "", address=address, network=found.network)
    if device is None:
        step = refused(context, client, here.view, address, result)
        steps = tuple(_with_names(ends, owner, one) for one in (*found.steps, step))
        return _path(question, steps, End(client.name), target)
    same = (own for own in device.addresses if (":" in own) == (":" in address))
    flow = Flow(result.source or next(same, ""), address, question.protocol, port)
    trip = Trip(context, client, here, flow, result, device, context.network_of(client, device))
    steps = (*found.steps, *departure(trip))
    if not port and meant is not None and all(step.state != FAILED for step in steps):
        steps = (*steps, no_port_step(context, meant, question.protocol))
    source = End(client.name, context.home(client).name, device.link.name, trip.network_name, flow.source)
    steps = tuple(_with_names(ends, owner, step) for step in steps)
    return replace(_path(question, steps, source, target), mtu=result.mtu or device.link.mtu)


def _with_names(ends: _Ends, owner: tuple[Container, Endpoint] | None, step: Step) -> Step:
    """The remedy names the container that the step is about: the server where the step is at its end.

    A name has to resolve on the common network as well; an address stays that of its own network.
    """
    if step.code == "network_isolated" and owner and not is_address(ends.question.target):
        return replace(step, command=common_network(ends.context, ends.client, owner[0]))
    server, network = (owner[0].name, owner[1].network) if owner else ("", "")
    at_server = step.name in (BACK, LISTENER) or (step.name == INSIDE and step.detail.startswith(f"{server} "))
    other = find_container(ends.context.inventory, server) if at_server and server else None
    one = other or ends.client
    return with_names(step, ends.context.words, one.name, ends.context.home(one).pid, network)


def _path(
    question: Question, steps: tuple[Step, ...], source: End | None = None, target: End | None = None
) -> ReachPath:
    return ReachPath(source or End(question.source), target or End(), question.protocol, question.port, steps)
