"""The host itself as the server: its rules of the hook input, its listening sockets, and docker-proxy behind them."""

from exporter.core.explain.path import DNAT, FAILED, LISTENER, OK, UNKNOWN, Step
from exporter.core.model.container_details import Details, PortBinding
from exporter.core.model.docker import Container
from exporter.core.model.fib import RouteQuery
from exporter.core.nat.packet import Packet
from exporter.core.nat.walk.firewall import INPUT, OUTPUT, POSTROUTING, PREROUTING, Firewall
from exporter.core.nat.walk.hooks import walk
from exporter.core.nat.walk.ways import answer_to
from exporter.core.reach.answer import FILTER
from exporter.core.reach.context import HOST_MODE
from exporter.core.reach.path.delivery import to_server
from exporter.core.reach.path.listener_step import listener_step, serving_sockets
from exporter.core.reach.path.rule_steps import host_rules_step
from exporter.core.reach.path.trip import Flow, Steps, Trip
from exporter.core.reach.view import LISTENERS, Device

EVERY_ADDRESS = ("", "0.0.0.0", "::")


def to_host(trip: Trip, firewall: Firewall, bridge: Device, packet: Packet, flow: Flow) -> Steps:
    """Yield the steps of a container's packet to the host itself; `packet` is as it is behind prerouting."""
    taken = walk(firewall, packet._replace(to_host=True), (INPUT,))
    networks = trip.network, None
    step = host_rules_step(trip.context, taken, f"packets of {trip.client.name} to the host", networks)
    if step is None:
        back = answer_to(packet, taken.packet, packet._replace(to_host=True))._replace(oif=bridge.link.name, iif="")
        answered = walk(firewall, back, (OUTPUT, POSTROUTING))
        step = host_rules_step(trip.context, answered, "the answers of the host", networks)
    yield step or Step(FILTER, OK, "the host takes it, and no rule drops it")
    if step is None or step.state == UNKNOWN:
        yield from served(trip, flow)


def served(trip: Trip, flow: Flow) -> Steps:
    """Yield the step of the host's socket, and the further way where it is docker-proxy's."""
    if not flow.port:
        return
    view = trip.context.host.view
    here = [s for s in view.listeners if (s.protocol, s.port) == (flow.protocol, flow.port)]
    published = _published(trip, flow)
    if not serving_sockets(here, flow.destination):
        on_loopback = published is not None and not view.missing(LISTENERS) and not _takes(published[1], flow)
        if on_loopback and published is not None:
            what = f"{flow.protocol}/{flow.port} of {published[0].name}"
            detail = f"{what} is published on {published[1].host_ip} only, and not on {flow.destination}"
            yield Step(LISTENER, FAILED, detail, "published_on_loopback")
        else:
            yield listener_step(view, "the host", flow.protocol, flow.port, flow.destination)
    elif published is not None and _takes(published[1], flow):
        yield from _proxied(trip, flow, *published)
    else:
        yield listener_step(view, "the host", flow.protocol, flow.port, flow.destination)


def _published(trip: Trip, flow: Flow) -> tuple[Container, PortBinding] | None:
    """Who publishes the port: on this address first, else on another one."""
    found = [
        (container, binding)
        for container in trip.context.inventory.containers.values()
        if container.live and container.network_mode != HOST_MODE
        for binding in (container.details or Details()).published
        if (binding.protocol, binding.host_port) == (flow.protocol, flow.port)
    ]
    return next((pair for pair in found if _takes(pair[1], flow)), next(iter(found), None))


def _takes(binding: PortBinding, flow: Flow) -> bool:
    return binding.host_ip in (*EVERY_ADDRESS, flow.destination)


def _proxied(trip: Trip, flow: Flow, server: Container, binding: PortBinding) -> Steps:
    """Yield the steps of docker-proxy's own connection to the container."""
    what = f"{flow.protocol}/{flow.port}"
    target = _target(trip, server, binding)
    result = trip.context.host.lookup(RouteQuery(target)) if target else None
    if result is None or result.error:
        yield Step(DNAT, UNKNOWN, f"the target of docker-proxy for {what} is not known", "target_unknown")
        return
    yield Step(DNAT, OK, f"docker-proxy listens on {what} of the host, for {server.name}:{binding.container_port}")
    inner = Flow(result.source, target, flow.protocol, binding.container_port)
    bridge = trip.context.host.view.devices.get(result.ifindex)
    network = trip.context.network_of_bridge(bridge.link.name) if bridge else None
    if (step := _sent(trip, inner, bridge)) is not None:
        yield step
    if step is None or step.state == UNKNOWN:
        yield from to_server(trip, inner, server, network, bridge)


def _target(trip: Trip, server: Container, binding: PortBinding) -> str:
    """The address that docker-proxy connects to: as the rules have it, else the container's on a bridge network."""
    nat = trip.context.nat
    for one in nat.expected.bindings if nat else ():
        if (one.container, one.protocol, one.host_port) == (server.name, binding.protocol, binding.host_port):
            return one.targets[0]
    home = trip.context.home(server)
    bridged = {network.id for network in trip.context.networks.values() if network.bridge}
    return next((e.ip_address for e in home.endpoints if e.network_id in bridged and e.ip_address), "")


def _sent(trip: Trip, flow: Flow, bridge: Device | None) -> Step | None:
    """What the host's rules do to docker-proxy's packets and to the answers."""
    name = bridge.link.name if bridge else ""
    firewall = trip.context.host_firewall([name])
    if firewall is None:
        return Step(FILTER, UNKNOWN, "the host's firewall rules could not be read", "rules_unknown")
    packet = flow.packet(oif=name, from_host=True)
    sent = walk(firewall, packet, (OUTPUT, POSTROUTING))
    networks = None, trip.context.network_of_bridge(name)
    step = host_rules_step(trip.context, sent, "packets of docker-proxy", networks)
    if step is not None:
        return step
    back = answer_to(packet, sent.packet, packet)._replace(iif=name, oif="", to_host=True)
    return host_rules_step(trip.context, walk(firewall, back, (PREROUTING, INPUT)), "the answers", networks)
