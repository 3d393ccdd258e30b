"""The host itself as the server: its rules of the hook input, its listening sockets, and docker-proxy behind them."""

from ipaddress import ip_address

from exporter.core.explain.path import FAILED, LISTENER, OK, UNKNOWN, Step
from exporter.core.model.container_details import Details, PortBinding
from exporter.core.model.docker import Container
from exporter.core.model.fib import RouteQuery
from exporter.core.nat.packet import Packet
from exporter.core.nat.walk.firewall import INPUT, OUTPUT, POSTROUTING, Firewall
from exporter.core.nat.walk.hooks import walk
from exporter.core.nat.walk.ways import answer_to, following
from exporter.core.reach.answer import FILTER
from exporter.core.reach.context import HOST_MODE
from exporter.core.reach.path.docker_proxy import EVERY_ADDRESS, proxied
from exporter.core.reach.path.listener_step import listener_step, serving_sockets
from exporter.core.reach.path.own_rules import FURTHER
from exporter.core.reach.path.rule_steps import host_rules_step
from exporter.core.reach.path.trip import Flow, Steps, Trip
from exporter.core.reach.path.way_back import way_back
from exporter.core.reach.view import LISTENERS, Device


def to_host(trip: Trip, firewall: Firewall, bridge: Device, packet: Packet, flow: Flow) -> Steps:
    """Yield the steps of a container's packet to the host itself; `packet` is as it is behind prerouting."""
    taken = walk(firewall, packet._replace(to_host=True), (INPUT,))
    networks = trip.network, None
    step = host_rules_step(trip.context, taken, f"packets of {trip.client.name} to the host", networks)
    if step is None:
        back = answer_to(packet, taken.packet, packet._replace(to_host=True))._replace(oif=bridge.link.name, iif="")
        answered = walk(firewall, back, (OUTPUT, POSTROUTING))
        step = host_rules_step(trip.context, answered, "the answers of the host", networks)
        further = following(firewall, packet._replace(to_host=True), taken, (INPUT,))
        step = step or host_rules_step(trip.context, further, FURTHER, networks)
    yield step or Step(FILTER, OK, "the host takes it, and no rule drops it")
    if step is not None and step.state != UNKNOWN:
        return
    own = "" if ip_address(flow.destination).is_loopback else flow.destination  # the kernel routes it to lo only
    lost = way_back(trip.context, RouteQuery(trip.flow.source, own), bridge)
    if lost is not None:
        yield lost
    else:
        yield from served(trip, flow, bridge.link.ifindex)


def served(trip: Trip, flow: Flow, ifindex: int) -> Steps:
    """Yield the step of the host's socket, and the further way where it is docker-proxy's.

    `ifindex` is the device by which packets arrive.
    """
    if not flow.port:
        return
    view = trip.context.host.view
    here = [s for s in view.listeners if (s.protocol, s.port) == (flow.protocol, flow.port)]
    published = _published(trip, flow)
    elsewhere = published is not None and not _takes(published[1], flow) and not view.missing(LISTENERS)
    serving = serving_sockets(here, flow.destination, ifindex)
    if published is not None and elsewhere and not serving:
        yield _published_elsewhere(*published, flow)
    elif published is not None and serving and (not elsewhere or published[1].host_ip in EVERY_ADDRESS):
        yield from proxied(trip, flow, *published)
    else:
        yield listener_step(view, "the host", flow.protocol, flow.port, flow.destination, ifindex)


def _published_elsewhere(container: Container, binding: PortBinding, flow: Flow) -> Step:
    what, on = f"{flow.protocol}/{flow.port} of {container.name}", binding.host_ip
    detail = f"{what} is published on {on} only, and not on {flow.destination}"
    if ip_address(on).is_unspecified:
        command = f"Connect to {container.name} over IPv6, or put it on a network that has IPv4."
        return Step(LISTENER, FAILED, detail, "wrong_address", command)
    if ip_address(on).is_loopback:
        return Step(LISTENER, FAILED, detail, "published_on_loopback")
    return Step(LISTENER, FAILED, detail, "wrong_address", f"Connect to {on}, or publish the port on every address.")


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
    """Whether the binding is of the address; the engine binds :: for IPv6 alone, and 0.0.0.0 with it for both."""
    if binding.host_ip == "::" and ":" not in flow.destination:
        return False
    return binding.host_ip in (*EVERY_ADDRESS, flow.destination)
