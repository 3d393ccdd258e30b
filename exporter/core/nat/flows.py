"""Connections that the host tracks, counted by what they belong to."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from exporter.core.nat.expected import Expected
from exporter.core.nat.ledger import Series
from exporter.core.nat.scene import StuckFlow

UDP = "udp"


@dataclass(frozen=True, slots=True)
class Flows:
    """One reading of the connection table; addresses as text, protocols by name.

    `sources`: (protocol, address of who began it) and, where it was led to another, (protocol, address it was led to).
    `published`: (protocol, destination port, address it was led to). `direct`: of UDP, (destination port, destination)
    of those that were led nowhere else, to the ports that were asked for.
    """

    addresses: Mapping[tuple[str, str], int] = field(default_factory=dict)
    published: Mapping[tuple[str, int, str], int] = field(default_factory=dict)
    direct: frozenset[tuple[int, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class FlowCounts:
    """`containers`: (container, protocol). `ports`: (container, protocol, host port)."""

    containers: Mapping[Series, int] = field(default_factory=dict)
    ports: Mapping[Series, int] = field(default_factory=dict)
    stuck: tuple[StuckFlow, ...] = ()


def count_flows(flows: Flows, expected: Expected) -> FlowCounts:
    """Count a reading by containers and published ports; a published port without a connection has 0."""
    containers: Counter[Series] = Counter()
    for (protocol, address), count in flows.addresses.items():
        owner = expected.owners.get(address)
        if owner is not None:
            containers[owner.container, protocol] += count
    ports: Counter[Series] = Counter()
    for binding in expected.bindings:
        ports[binding.container, binding.protocol, str(binding.host_port)] += 0
    for (protocol, port, address), count in flows.published.items():
        owner = expected.owners.get(address)
        if owner is not None and (owner.container, protocol, str(port)) in ports:
            ports[owner.container, protocol, str(port)] += count
    return FlowCounts(containers, ports, tuple(sorted(_stuck(flows, expected), key=repr)))


def udp_ports(expected: Expected) -> frozenset[int]:
    """The published ports of UDP: a flow to them may be stuck."""
    return frozenset(binding.host_port for binding in expected.bindings if binding.protocol == UDP)


def _stuck(flows: Flows, expected: Expected) -> set[StuckFlow]:
    """A flow that was led to nobody's address, or that was made while no rule led it anywhere."""
    published = {(b.host_port, b.host_ip) for b in expected.bindings if b.protocol == UDP}
    ports = {port for port, _ in published}
    found = set()
    for protocol, port, address in flows.published:
        if protocol == UDP and port in ports and expected.complete and address not in expected.owners:
            found.add(StuckFlow(protocol, port, f"{address}, which no container has"))
    for port, address in flows.direct:
        inside = address in expected.owners or address.startswith("127.") or address == "::1"
        if not inside and ((port, "") in published or (port, address) in published):
            found.add(StuckFlow(UDP, port, f"the host itself ({address})"))
    return found
