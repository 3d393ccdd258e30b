"""Containers of one network do not reach each other: br_netfilter is on, and a rule or policy drops what is bridged.

Guard: net.bridge.bridge-nf-call-iptables was read and is on; the network has two live endpoints; what DOCKER-USER drops
is meant, and a network with enable_icc=false is closed by the engine.
"""

from collections.abc import Iterator
from itertools import islice

from exporter.core.findings.finding import CRITICAL, Finding
from exporter.core.nat.address_numbers import family_of, number_of
from exporter.core.nat.context import NatContext
from exporter.core.nat.drift import Subject, drift
from exporter.core.nat.expected import ExpectedNetwork
from exporter.core.nat.packet import Packet
from exporter.core.nat.reading import BRIDGE_FILTER
from exporter.core.nat.ruleset import IP
from exporter.core.nat.walk.firewall import FORWARD, PREROUTING
from exporter.core.nat.walk.hooks import walk
from exporter.core.nat.walk.outcome import Decision
from exporter.core.nat.walk.rule_text import decided_by

KIND = "bridge_filtered"
ENDS = 2


def check(context: NatContext) -> Iterator[Finding]:
    """Walk a packet between two containers of each network."""
    if not context.forwarding.get(BRIDGE_FILTER, False):
        return
    for network in context.expected.networks:
        if network.family == IP and network.populated and network.network.options.icc:
            end = _drop(context, network)
            if end is not None and not context.is_meant(end):
                detail = f"containers of network {network.network.name} do not reach each other: {decided_by(end)}"
                yield drift(KIND, CRITICAL, Subject(family=IP, network=network.network.name), detail)


def _drop(context: NatContext, network: ExpectedNetwork) -> Decision | None:
    owners = context.expected.owners.items()
    members = (a for a, owner in owners if owner.network == network.network.name and family_of(a) == IP)
    ends = [number_of(address) for address in islice(members, ENDS)]
    if len(ends) < ENDS:
        return None
    bridge = network.network.bridge
    packet = Packet(bridge, bridge, ends[0], ends[1], family=IP)
    outcome = walk(context.firewall, packet, (PREROUTING, FORWARD))
    return outcome.decision if outcome.dropped else None
