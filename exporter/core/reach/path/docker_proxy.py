"""docker-proxy as the server of a port of the host: its own connection to the container.

A port that is published on the loopback has clients on the host alone: they connect to docker-proxy over lo, or a DNAT
rule of the output chains translates their packets, where there is no docker-proxy.
"""

from exporter.core.explain.nat_steps import dnat_targets
from exporter.core.explain.path import DNAT, FAILED, OK, ROUTE, UNKNOWN, Step, with_names
from exporter.core.model.container_details import PortBinding
from exporter.core.model.docker import Container
from exporter.core.model.fib import RouteQuery
from exporter.core.nat.expected import ExpectedBinding
from exporter.core.nat.walk.firewall import INPUT, OUTPUT, POSTROUTING, PREROUTING
from exporter.core.nat.walk.hooks import walk
from exporter.core.nat.walk.outcome import Outcome
from exporter.core.nat.walk.rule_text import decided_by
from exporter.core.nat.walk.ways import answer_to
from exporter.core.reach.answer import BACK
from exporter.core.reach.context import ReachContext
from exporter.core.reach.namespace_rules import LOOPBACK
from exporter.core.reach.path.delivery import to_server
from exporter.core.reach.path.holders import port_of
from exporter.core.reach.path.rule_steps import UNREAD_RULES, host_rules_step
from exporter.core.reach.path.trip import Flow, Steps, Trip
from exporter.core.reach.view import Device

EVERY_ADDRESS = ("", "0.0.0.0", "::")
ANSWERS_AS_ASKED = (28, 0)
NO_NETWORKS = None, None  # the networks at both ends of lo


def proxied(trip: Trip, flow: Flow, server: Container, binding: PortBinding) -> Steps:
    """Yield the steps of docker-proxy's own connection to the container."""
    what = f"{flow.protocol}/{flow.port}"
    proxies = (trip.context.observation.proxies or {}).get(server.name)
    if proxies is not None and (flow.protocol, flow.port) in proxies.stopped:
        yield Step(DNAT, FAILED, f"the docker-proxy of {what} is stopped", "proxy_stopped")
        return
    target = _target(trip, server, binding)
    result = trip.context.host.opened(target) if target else None
    if result is None or result.error:
        yield Step(DNAT, UNKNOWN, f"the address to which docker-proxy forwards {what} is not known", "target_unknown")
        return
    yield from filter(None, [_answering_address(trip, flow, binding)])
    yield Step(DNAT, OK, f"docker-proxy listens on {what} of the host, for {server.name}:{binding.container_port}")
    inner = Flow(result.source, target, flow.protocol, binding.container_port)
    bridge = trip.context.host.view.devices.get(result.ifindex)
    network = trip.context.network_of_bridge(bridge.link.name) if bridge else None
    if (step := proxys_rules_step(trip.context, inner, bridge)) is not None:
        yield step
    if step is None or step.state == UNKNOWN:
        pid, name = trip.context.home(server).pid, network.name if network else ""
        for found in to_server(trip.context, inner, server, network, bridge):
            yield with_names(found, trip.context.words, server.name, pid, name)


def _answering_address(trip: Trip, flow: Flow, binding: PortBinding) -> Step | None:
    """The step of an engine whose docker-proxy answers UDP from the address that the route to the client gives.

    Its socket is bound to every address, and takes note of none (cmd/docker-proxy/udp_proxy_linux.go before 28.0).
    """
    if flow.protocol != "udp" or binding.host_ip not in EVERY_ADDRESS:
        return None
    if trip.context.engine_version >= ANSWERS_AS_ASKED:
        return None
    source = trip.context.host.lookup(RouteQuery(flow.source)).source
    if not source or source == flow.destination:
        return None
    what = f"docker-proxy answers from {source}, and not from {flow.destination}: a connected client drops that"
    return Step(BACK, UNKNOWN, what, "answered_from_elsewhere")


def _target(trip: Trip, server: Container, binding: PortBinding) -> str:
    """The address that docker-proxy connects to: as the rules have it, else the container's on a bridge network."""
    known = dnat_targets(trip.context.observation, server.name, binding.protocol, binding.host_port)
    if known:
        return known[0].targets[0]
    home = trip.context.home(server)
    bridged = (
        e for e in home.endpoints if (n := trip.context.networks.get(e.network_id)) and n.bridge and e.ip_address
    )
    return next((endpoint.ip_address for endpoint in bridged), "")


def proxys_rules_step(context: ReachContext, flow: Flow, bridge: Device | None) -> Step | None:
    """Return the step of the host's rules that drop docker-proxy's packets to a container or the answers, or may."""
    name = bridge.link.name if bridge else ""
    network = context.network_of_bridge(name)
    firewall = context.host_firewall([name, *(port_of(context, flow.destination, network) if network else ())])
    if firewall is None:
        return UNREAD_RULES
    packet = flow.packet(oif=name, from_host=True)
    sent = walk(firewall, packet, (OUTPUT, POSTROUTING))
    networks = None, network
    step = host_rules_step(context, sent, "packets of docker-proxy", networks)
    if step is not None:
        return step
    back = answer_to(packet, sent.packet, packet)._replace(iif=name, oif="", to_host=True)
    return host_rules_step(context, walk(firewall, back, (PREROUTING, INPUT)), "the answers to docker-proxy", networks)


def loopback_step(context: ReachContext, flow: Flow, target: ExpectedBinding, bridge: Device | None) -> Step | None:
    """Return the step of the host's own connection to a port that is published on its loopback."""
    firewall = context.host_firewall([LOOPBACK])
    if firewall is None:
        return UNREAD_RULES
    packet = flow.packet(oif=LOOPBACK, from_host=True, to_host=True)
    sent = walk(firewall, packet, (OUTPUT,))
    step = host_rules_step(context, sent, f"packets of the host to {flow.destination}", NO_NETWORKS)
    if step is not None:
        return step
    if sent.translations:
        return _translated_step(flow, target, bridge, sent)
    if target.container not in (context.observation.proxies or {}):
        detail = f"no rule of the output chains translates {flow.destination}, and no docker-proxy is known there"
        return Step(DNAT, UNKNOWN, detail, "dnat_missing")
    taken = walk(firewall, sent.packet._replace(iif=LOOPBACK, oif=""), (INPUT,))
    back = answer_to(packet, taken.packet, packet)
    answered = walk(firewall, back._replace(iif="", oif=LOOPBACK), (OUTPUT,))
    returned = walk(firewall, back._replace(iif=LOOPBACK, oif="", to_host=True), (INPUT,))
    found = (host_rules_step(context, one, "packets on lo", NO_NETWORKS) for one in (taken, answered, returned))
    return next(filter(None, found), None)


def _translated_step(flow: Flow, target: ExpectedBinding, bridge: Device | None, sent: Outcome) -> Step | None:
    """The step of a translation that sends packets elsewhere, or of packets that the bridge refuses to send."""
    if not target.is_served_by(sent.translations[-1]):
        detail = f"{decided_by(sent.translations[-1])} sends packets to {flow.destination} to another address"
        return Step(DNAT, FAILED, detail, "dnat_wrong")
    if bridge is None or bridge.routes_loopback:
        return None
    setting = f"net.ipv4.conf.{bridge.link.name}.route_localnet"
    detail = f"the host sends no packets of its loopback to {bridge.link.name} ({setting} is 0)"
    return Step(ROUTE, FAILED, detail, "forwarding_off", f"Run `sysctl -w {setting}=1`, or restart the Docker Engine.")
