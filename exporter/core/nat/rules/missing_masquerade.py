"""A network that should be translated on the way out has no MASQUERADE or SNAT rule: nothing outside answers it.

Guard: a translation by anybody's rule will do.
"""

from collections.abc import Iterator

from exporter.core.findings.finding import CRITICAL, Finding
from exporter.core.nat.context import NatContext
from exporter.core.nat.drift import Subject, drift
from exporter.core.nat.expected import ExpectedNetwork
from exporter.core.nat.packet import Packet

KIND = "missing_masquerade"
TRANSLATES = frozenset({"MASQUERADE", "SNAT"})


def check(context: NatContext) -> Iterator[Finding]:
    """Walk a packet out of each network."""
    for network in context.expected.networks:
        place = context.layout.nat_place(network.family, context.layout.postrouting)
        wanted = network.masqueraded and network.family in context.families
        if wanted and context.has(place) and not _translated(context, network):
            subject = Subject(family=network.family, chain=place[2], network=network.network.name)
            detail = f"what {network.network.name} ({network.subnet}) sends out keeps its own address"
            yield drift(KIND, CRITICAL, subject, detail)


def _translated(context: NatContext, network: ExpectedNetwork) -> bool:
    """Whether it is, or may be."""
    packet = Packet(iif=network.network.bridge, src=network.source, dport=443)
    for walker, base in context.bases("postrouting", network.family):
        decision = walker.decision(base, packet)
        if decision is None or decision.effect in TRANSLATES:
            return True
    return False
