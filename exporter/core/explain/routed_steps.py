"""What the host's rules do with packets to a container whose network is routed to: no port of the host is forwarded."""

from collections.abc import Iterator

from exporter.core.explain.nat_steps import INTERNET_CLIENTS, NOT_UNDERSTOOD, UNREAD
from exporter.core.explain.path import BLOCKED, FAILED, FORWARD, OK, UNKNOWN, Step
from exporter.core.model.container_details import PortBinding
from exporter.core.model.docker import Container
from exporter.core.nat.address_numbers import family_of, number_of
from exporter.core.nat.context import ROUTED, NatContext
from exporter.core.nat.packet import Packet
from exporter.core.nat.ruleset import FAMILIES, IP6
from exporter.core.nat.walk.rule_text import decided_by
from exporter.core.nat.walk.ways import Way, way_in
from exporter.core.observation import Observation


def routed_steps(observation: Observation, container: Container, binding: PortBinding) -> Iterator[Step]:
    """Yield a step for each address of a container on a network that is routed to, of the binding's IP version."""
    addresses = list(routed_addresses(observation, container, binding))
    nat = observation.nat
    if addresses and (nat is None or nat.reading is None):
        yield Step(FORWARD, UNKNOWN, UNREAD, "rules_unknown")
    elif nat is not None and nat.reading is not None:
        context = NatContext(nat.expected, nat.reading, frozenset(FAMILIES), backend=nat.backend)
        yield from (_step(context, address, binding) for address in addresses)


def routed_addresses(observation: Observation, container: Container, binding: PortBinding) -> Iterator[str]:
    """Yield those addresses; none of a binding that has a port of the host."""
    inventory = observation.topology.inventory
    six = ":" in binding.host_ip
    for endpoint in inventory.containers.get(container.network_owner, container).endpoints:
        network = inventory.networks.get(endpoint.network_id)
        address = endpoint.ip6_address if six else endpoint.ip_address
        if network is None or not address or binding.host_port or not binding.container_port:
            continue
        mode = network.options.gateway_mode6 if six else network.options.gateway_mode4
        if network.bridge and mode == ROUTED:
            yield address


def _step(context: NatContext, address: str, binding: PortBinding) -> Step:
    family = family_of(address)
    packet = Packet(dst=number_of(address), protocol=binding.protocol, dport=binding.container_port, family=family)
    ways = [way_in(context.firewall, packet, context.route)]
    if ways[0].partial:
        clients = {INTERNET_CLIENTS[family], context.expected.inside.neighbours.get(family, INTERNET_CLIENTS[family])}
        ways = [way_in(context.firewall, packet._replace(src=client), context.route) for client in sorted(clients)]
    what = f"packets to {f'[{address}]' if family == IP6 else address}:{binding.container_port}/{binding.protocol}"
    return _decided(context, ways, what)


def _decided(context: NatContext, ways: list[Way], what: str) -> Step:
    ends = [way.end for way in ways if way.end is not None]
    unclear = [one for way in ways for one in (*way.unclear, *way.partial)]
    if any(way.arrival.translations for way in ways):
        return Step(FORWARD, UNKNOWN, f"NAT rules translate {what}", NOT_UNDERSTOOD)
    if ends and len(ends) == len(ways):
        meant = context.is_meant(ends[0])
        detail = f"{what} are dropped by {decided_by(ends[0])}"
        return Step(FORWARD, BLOCKED if meant else FAILED, detail, "operator_rule" if meant else "drop_rule")
    if ends:
        return Step(FORWARD, UNKNOWN, f"it depends on who the client is: {decided_by(ends[0])}", NOT_UNDERSTOOD)
    if unclear:
        return Step(FORWARD, UNKNOWN, f"{decided_by(unclear[0])} may match: it is not understood", NOT_UNDERSTOOD)
    return Step(FORWARD, OK, f"the host forwards {what}, and no rule drops them")
