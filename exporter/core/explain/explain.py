"""Explain a port or a container: every path from the host to it."""

from collections.abc import Iterator
from ipaddress import ip_address

from msgspec.structs import replace

from exporter.core.explain.code import PLACEHOLDERS, words_of
from exporter.core.explain.endpoint_steps import (
    alone_on_loopback,
    cannot_tell,
    host_step,
    outside_steps,
    published_step,
)
from exporter.core.explain.filter_steps import filter_steps
from exporter.core.explain.input_steps import input_steps
from exporter.core.explain.listener_step import listener_step
from exporter.core.explain.merged_paths import merged
from exporter.core.explain.mesh import mesh_paths, mesh_ports
from exporter.core.explain.nat_steps import dnat_targets, nat_steps
from exporter.core.explain.network_steps import address_step, network_steps, orphaned_step, served_step
from exporter.core.explain.path import (
    FAILED,
    FINDING,
    HOST,
    OK,
    PUBLISHED,
    REACHABLE,
    UNKNOWN,
    Explanation,
    Note,
    Path,
    Step,
    with_names,
)
from exporter.core.explain.query import MAX_PORT, Query, bindings_of, find_container, parse_query, why_no_container
from exporter.core.explain.related_findings import is_about_all, is_about_other_packets, related
from exporter.core.explain.routed_steps import routed_steps
from exporter.core.explain.unpublished import (
    failed_binds,
    last_port,
    led_path,
    unknown_publications,
    unpublished_step,
)
from exporter.core.findings.finding import CRITICAL
from exporter.core.model.container_details import PortBinding
from exporter.core.model.docker import Container
from exporter.core.model.sockets import CONTAINER, ENGINE, SERVICE, Listener, Owner
from exporter.core.nat.expected import ExpectedBinding
from exporter.core.observation import Observation
from exporter.core.ports.context import READ_PROTOCOLS, PortContext, PortReadings, is_docker_proxy, is_own, port_context
from exporter.core.ports.listen_address import EVERY_ADDRESS, ListenAddress, described
from exporter.core.ports.published import is_held_outside
from exporter.core.topology.route_queries import BRIDGE_DRIVER

HOST_MODE = "host"  # of a network


def explain(observation: Observation, text: str) -> Explanation:
    """Answer for a port, a container by its name or the beginning of its id, or a Swarm service by its name."""
    nat = observation.nat
    redirects = nat.redirects if nat else None
    readings = PortReadings(observation.sockets, observation.inside, redirects, redirected=observation.redirected)
    walk = _Walk(observation, port_context(observation.topology, readings, 0.0))
    named = find_container(observation.topology.inventory, text)
    query = parse_query(text)
    found = walk.to_container(named) if named is not None else walk.from_port(query) if query else walk.to_service(text)
    paths = tuple(_with_names(observation, _with_critical(observation, path)) for path in merged(found))
    containers = frozenset({path.container for path in paths if path.container} | ({named.name} if named else set()))
    notes = (Note(f.kind, f.severity, f.detail) for f in related(observation, containers, None if named else query))
    return Explanation(text, paths or (_nowhere(observation, text, query),), tuple(notes))


def _with_critical(observation: Observation, path: Path) -> Path:
    """A path whose steps are all ok is not known to be so while a critical finding concerns its container."""
    if path.verdict != REACHABLE or not path.container:
        return path
    concerned = related(observation, frozenset({path.container}))
    others = (f for f in concerned if not is_about_other_packets(f, path))
    critical = [f for f in others if f.severity == CRITICAL and not is_about_all(f)]  # those are steps
    steps = (Step(FINDING, UNKNOWN, f"{f.kind}: {f.detail}", "critical_finding") for f in critical)
    return replace(path, steps=(*path.steps, *steps))


def _with_names(observation: Observation, path: Path) -> Path:
    """The remedies name the path's container."""
    found = observation.topology.inventory.containers.values()
    pid = next((container.pid for container in found if container.name == path.container), 0)
    name, words = path.container or PLACEHOLDERS.container, words_of(observation.topology.inventory.engine)
    return replace(path, steps=tuple(with_names(step, words, name, pid) for step in path.steps))


def _nowhere(observation: Observation, text: str, query: Query | None) -> Path:
    inventory = observation.topology.inventory
    if unknown := unknown_publications(inventory) if query or not inventory.connected else ():
        return _single(unknown[0], query)
    if query is None:
        hint = f", and a port is 1 to {MAX_PORT}" if text.isdecimal() else ""
        return _single(Step(PUBLISHED, UNKNOWN, f"{why_no_container(inventory, text)}{hint}", "not_found"))
    unread = observation.sockets is None
    what = str(ListenAddress(query.protocol or "tcp or udp", "", query.port))
    detail = f"no container publishes {what}, and no process listens there"
    if unread:
        return _single(Step(HOST, UNKNOWN, f"{detail} that can be seen", "sockets_unknown"), query)
    return _single(Step(HOST, FAILED, detail, "not_found"), query)


def _single(step: Step, query: Query | None = None) -> Path:
    protocol, port = (query.protocol, query.port) if query else ("", 0)
    return Path(protocol, (), port, "", 0, (step,))


class _Walk:
    """Goes the ways of one moment."""

    def __init__(self, observation: Observation, context: PortContext) -> None:
        self._observation = observation
        self._context = context
        self._containers = tuple(context.inventory.containers.values())

    def to_container(self, container: Container) -> Iterator[Path]:
        """Go every way that ends in a container."""
        bindings = [one for one in bindings_of(container) if not self._serves_itself(container, one)]
        yield from (self._published(container, binding) for binding in bindings)
        owner = Owner(CONTAINER, container.name, container.id)
        own = [one for found in self._context.listeners.values() for one in found if one.owner == owner]
        yield from map(self._held, own)
        failed = list(failed_binds(self._observation, container))
        yield from failed
        mesh = list(mesh_paths(self._observation, mesh_ports(self._observation, container.name)))
        yield from mesh
        if not (bindings or own or failed or mesh):
            steps = [unpublished_step(self._context, container)]
            if steps[0].state == OK:
                steps += self._to_namespace(container, PortBinding("", 0))
            yield Path("", (), 0, container.name, 0, tuple(steps))

    def to_service(self, name: str) -> Iterator[Path]:
        """Go every way of Swarm's routing mesh to a service."""
        yield from mesh_paths(self._observation, mesh_ports(self._observation, name))

    def from_port(self, query: Query) -> Iterator[Path]:
        """Go the ways that begin at a port of the host; containers that are down count where none that runs does."""
        wanted = [
            (container, binding)
            for container in self._containers
            for binding in bindings_of(container)
            if query.protocol in ("", binding.protocol)
            and binding.host_port
            and binding.host_port <= query.port <= max(binding.host_port, binding.last_host_port)
            and not self._serves_itself(container, binding)
        ]
        live = [pair for pair in wanted if pair[0].live]
        yield from (self._published(*pair) for pair in live or wanted)
        mesh = mesh_ports(self._observation, "", query.port) if not wanted else []
        yield from mesh_paths(self._observation, mesh, query.protocol)
        for protocol in READ_PROTOCOLS if not wanted else ():
            if query.protocol in ("", protocol):
                yield from self._unpublished(protocol, query.port, meshed=bool(mesh))

    def _serves_itself(self, container: Container, binding: PortBinding) -> bool:
        """Whether it listens on the port of the host that it publishes without effect in host network mode."""
        listeners = self._context.listeners.get((binding.protocol, binding.host_port), ())
        return container.network_mode == HOST_MODE and any(is_own(one.owner, container) for one in listeners)

    def _published(self, container: Container, binding: PortBinding) -> Path:
        address = binding.host_ip
        steps = [published_step(self._context, container, binding)]
        in_effect = steps[0].state == OK
        place = ListenAddress(binding.protocol, address, binding.host_port)
        if in_effect and binding.host_port:
            hidden = list(outside_steps(self._context))
            steps += hidden
            lost = None if hidden else address_step(self._observation.topology, address)
            use = (self._observation.proxies or {}).get(container.name)
            if not is_held_outside(self._context, place):
                steps.append(lost or host_step(self._context, container, place, use.stopped if use else frozenset()))
            steps += nat_steps(self._observation, container.name, binding.protocol, address, binding.host_port)
        elif in_effect:
            steps += routed_steps(self._observation, container, binding)
        elif not container.live and (others := self._context.others(place, container)):
            steps.append(Step(HOST, FAILED, f"{place} is held by {described(others[0].owner)}", "port_held"))
        if in_effect:
            steps += self._to_namespace(container, binding)
            targets = frozenset(target for one in self._expected(container, binding) for target in one.targets)
            listener = listener_step(self._context, container, binding, targets)
            steps.append(served_step(self._observation.network.context, container, listener))
        addresses = (address or EVERY_ADDRESS,)
        return Path(
            binding.protocol, addresses, binding.host_port, container.name, binding.container_port, tuple(steps)
        )

    def _to_namespace(self, container: Container, binding: PortBinding) -> Iterator[Step]:
        """The steps between the host and the container's namespace, where a bridge of the host is between."""
        topology = self._observation.topology
        if (orphaned := orphaned_step(self._observation.network.context, container)) is not None:
            yield orphaned
            return
        targets = dnat_targets(self._observation, container.name, binding.protocol, binding.host_port)
        used = {target.network for target in targets}
        owner = topology.inventory.containers.get(self._context.netns_of(container), container)
        bridges = frozenset(
            attachment.network.name
            for attachment in topology.attachments
            if attachment.container.id == owner.id and attachment.network.driver == BRIDGE_DRIVER
        )
        if bridges:
            version = ip_address(binding.host_ip or EVERY_ADDRESS).version
            context = self._observation.network.context
            published = bool(binding.host_port)
            yield from network_steps(context, owner, (bridges & used) or bridges, version, published=published)
            yield from filter_steps(self._observation, owner, (bridges & used) or bridges)

    def _expected(self, container: Container, binding: PortBinding) -> list[ExpectedBinding]:
        """Where Docker forwards a published port, in both families; nothing while NAT is not read."""
        nat = self._observation.nat
        key = container.name, binding.protocol, binding.host_port
        found = nat.expected.bindings if nat else ()
        return [one for one in found if (one.container, one.protocol, one.host_port) == key]

    def _unpublished(self, protocol: str, port: int, *, meshed: bool) -> Iterator[Path]:
        """Go the ways of a port that no container publishes; a `meshed` one is reserved by the engine's own socket.

        Whose a socket is may be unknown: that of a `meshed` port is the engine's then, which publishes it.
        """
        for redirect in self._context.readings.redirects or ():
            to_mesh = meshed and redirect.target.kind == SERVICE
            if redirect.protocol == protocol and redirect.host_port <= port <= last_port(redirect) and not to_mesh:
                yield led_path(redirect, port, self._context.inventory)
        for listener in self._context.listeners.get((protocol, port), ()):
            if meshed and (listener.owner.kind == ENGINE or not listener.owner.known):
                continue
            found = self._held(listener)
            yield replace(found, steps=(*found.steps, *alone_on_loopback(self._context, listener)))

    def _held(self, listener: Listener) -> Path:
        owner, socket, inventory = listener.owner, listener.socket, self._context.inventory
        place = ListenAddress(socket.protocol, socket.address, socket.port)
        step = cannot_tell(self._context, place)
        if step is None:
            certain = owner.known and not is_docker_proxy(owner)
            detail = f"{described(owner, connected=inventory.connected)} itself listens on {place}"
            step = Step(HOST, OK, detail) if certain else Step(HOST, UNKNOWN, detail, "sockets_unknown")
        published = () if inventory.connected else unknown_publications(inventory)
        name = owner.name if owner.kind == CONTAINER else ""
        rules = input_steps(self._observation, socket) if step.state == OK else ()
        return Path(place.protocol, (place.address,), place.port, name, 0, (*published, step, *rules))
