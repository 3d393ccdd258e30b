"""A base chain of the forward hook, of any table, drops a published port's packets or a network's way out.

Guard: the policy DROP alone is normal, Docker's rules accept before it; what depends on who the client is, or on the
uplink, drops nobody for certain.
"""

from collections.abc import Iterator
from dataclasses import replace

from exporter.core.findings.finding import CRITICAL, Finding
from exporter.core.nat.address_numbers import number_of
from exporter.core.nat.context import NatContext, is_loopback
from exporter.core.nat.drift import Subject, drift, of_binding, written
from exporter.core.nat.expected import ExpectedBinding, ExpectedNetwork
from exporter.core.nat.packet import Packet
from exporter.core.nat.ruleset import STATE_DNAT, STATE_ESTABLISHED, STATE_NEW, Place, Rule

KIND = "forward_drop"
CLIENTS_PORT = 40000  # what goes back goes to a port of the dynamic ones
OPEN_MODES = frozenset({"nat", "nat-unprotected", "routed"})


def check(context: NatContext) -> Iterator[Finding]:
    """Walk both directions of each network's way out, and of each published port."""
    for network in context.expected.networks:
        if network.mode in OPEN_MODES and network.populated and network.family in context.families:
            dropped = context.dropped(network.family, *_way_out(network))
            if dropped:
                name = network.network.name
                subject = Subject(family=network.family, chain=_chain(*dropped), network=name)
                detail = f"what {name} sends out is dropped by {_by(*dropped)}"
                yield drift(KIND, CRITICAL, subject, detail, key=replace(subject, chain=""))
    bridges = {n.network.name: n.network.bridge for n in context.expected.networks}
    for binding, hits in context.entries:
        led = any(binding.is_served_by(rule) for rule, _ in hits)
        if led and binding.network in bridges and not is_loopback(binding):
            dropped = context.dropped(binding.family, *_way_in(binding, bridges[binding.network]))
            if dropped:
                detail = f"{written(binding)} of {binding.container} is dropped by {_by(*dropped)}"
                subject = of_binding(binding, _chain(*dropped))
                yield drift(KIND, CRITICAL, subject, detail, key=replace(subject, chain=""))


def _way_out(network: ExpectedNetwork) -> tuple[Packet, Packet]:
    bridge = network.network.bridge
    return (
        Packet(iif=bridge, src=network.source, dport=443),
        Packet(oif=bridge, dst=network.source, dport=CLIENTS_PORT, state=STATE_ESTABLISHED),
    )


def _way_in(binding: ExpectedBinding, bridge: str) -> tuple[Packet, Packet]:
    address, protocol = number_of(binding.targets[0]), binding.protocol
    there, back = STATE_NEW | STATE_DNAT, STATE_ESTABLISHED | STATE_DNAT
    return (
        Packet(oif=bridge, dst=address, protocol=protocol, dport=binding.container_port, state=there),
        Packet(iif=bridge, src=address, protocol=protocol, dport=CLIENTS_PORT, state=back),
    )


def _chain(base: Place, rule: Rule | None) -> str:
    return rule.chain if rule else base[2]


def _by(base: Place, rule: Rule | None) -> str:
    return " ".join(rule.place) if rule else f"the policy of {' '.join(base)}"
