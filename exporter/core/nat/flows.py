"""Connections that the host tracks, counted by owner."""

from collections import Counter
from collections.abc import Mapping

from msgspec import Struct, field

from exporter.core.nat.address_numbers import family_of, number_of
from exporter.core.nat.context import StaleFlow
from exporter.core.nat.expected import Expected
from exporter.core.nat.ledger import Series
from exporter.core.nat.ruleset import IP, IP6

UDP = "udp"
ADDRESS_BITS = {IP: 32, IP6: 128}


class Flows(Struct, frozen=True):
    """One reading of the connection table; addresses as text, protocols by name.

    `addresses`: (protocol, address) of both ends, of a translated one with the address it was forwarded to.
    `published`: (protocol, destination port, address it was forwarded to). `direct`: of UDP, (destination port,
    destination, source) of those that were not translated, to the ports that were requested.
    """

    addresses: Mapping[tuple[str, str], int] = field(default_factory=dict)
    published: Mapping[tuple[str, int, str], int] = field(default_factory=dict)
    direct: frozenset[tuple[int, str, str]] = frozenset()


class FlowCounts(Struct, frozen=True):
    """`containers`: (container, protocol). `ports`: (container, protocol, host port)."""

    containers: Mapping[Series, int] = field(default_factory=dict)
    ports: Mapping[Series, int] = field(default_factory=dict)
    stale: tuple[StaleFlow, ...] = ()


def count_flows(flows: Flows, expected: Expected, local: frozenset[str]) -> FlowCounts:
    """Count a reading by containers and published ports; a published port without a connection has 0.

    `local` are the host's own addresses.
    """
    containers: Counter[Series] = Counter()
    for (protocol, address), count in flows.addresses.items():
        owner = expected.owners.get(address)
        if owner is not None and owner.is_container:
            containers[owner.container, protocol] += count
    ports: Counter[Series] = Counter()
    for binding in expected.bindings:
        ports[binding.container, binding.protocol, str(binding.host_port)] += 0
    for (protocol, port, address), count in flows.published.items():
        owner = expected.owners.get(address)
        if owner is not None and (owner.container, protocol, str(port)) in ports:
            ports[owner.container, protocol, str(port)] += count
    return FlowCounts(containers, ports, tuple(sorted(_stale(flows, expected, local), key=repr)))


def udp_ports(expected: Expected) -> frozenset[int]:
    """The published ports of UDP: a flow to them may be stale."""
    return frozenset(binding.host_port for binding in expected.bindings if binding.protocol == UDP)


def _stale(flows: Flows, expected: Expected, local: frozenset[str]) -> set[StaleFlow]:
    """A client's flow that was forwarded to another address than the publisher's, or that no rule translated.

    Packets from a container to a port of its own network are forwarded by docker-proxy; packets to the same port of
    another host are not this host's.
    """
    published = {(b.family, b.host_port, b.host_ip) for b in expected.bindings if b.protocol == UDP}
    targets: dict[int, set[str]] = {}
    for binding in expected.bindings:
        if binding.protocol == UDP:
            targets.setdefault(binding.host_port, set()).update(binding.targets)
    found = set()
    for protocol, port, address in flows.published:
        publishers = targets.get(port, {address})
        if protocol == UDP and address not in publishers and expected.complete and _is_inside(address, expected):
            owner = expected.owners.get(address)
            whose = f"of {owner.container}" if owner else "which no container has"
            found.add(StaleFlow(protocol, port, f"{address}, {whose}"))
    for port, address, client in flows.direct:
        family = family_of(address)
        wanted = address in local and ((family, port, "") in published or (family, port, address) in published)
        if wanted and not _is_inside(client, expected):
            found.add(StaleFlow(UDP, port, f"the host itself ({address})"))
    return found


def _is_inside(address: str, expected: Expected) -> bool:
    number, bits = number_of(address), ADDRESS_BITS[family_of(address)]
    return any(mask.bit_length() == bits and number & mask == network for network, mask in expected.inside.networks)
