"""Docker's isolation rules are gone while FORWARD accepts: networks that should not reach each other do.

Guard: what an operator allows in DOCKER-USER is allowed; networks that are routed to, or unprotected by choice, are
left out, and so are those without a live endpoint.
"""

from collections.abc import Iterator
from itertools import pairwise

from exporter.core.findings.finding import WARNING, Finding
from exporter.core.nat.context import ACCEPTED, NatContext
from exporter.core.nat.drift import Subject, drift
from exporter.core.nat.expected import ExpectedNetwork
from exporter.core.nat.layout import USER
from exporter.core.nat.packet import Packet

KIND = "isolation_lost"


def check(context: NatContext) -> Iterator[Finding]:
    """Walk from each network to the next: a lost rule of either lets the packet through."""
    for family in sorted(context.families):
        shut = [n for n in context.expected.networks if n.family == family and n.populated and n.mode == "nat"]
        shut.sort(key=lambda network: network.network.name)
        ring = [*shut, *shut[:1]] if len(shut) > 1 else []
        for one, other in pairwise(ring):
            if _passes(context, one, other):
                subject = Subject(family=family, chain=context.layout.forward, network=one.network.name)
                detail = f"containers of {one.network.name} reach those of {other.network.name}"
                yield drift(KIND, WARNING, subject, detail)


def _passes(context: NatContext, one: ExpectedNetwork, other: ExpectedNetwork) -> bool:
    """Whether every base chain accepts for certain, none because an operator says so."""
    # To no port: a published one is let through here, and guarded by the table raw.
    packet = Packet(one.network.bridge, other.network.bridge, one.source, other.source)
    for walker, base in context.bases("forward", one.family):
        decision = walker.decision(base, packet)
        if decision is None or decision.effect != ACCEPTED:
            return False
        if decision.rule is not None and decision.rule.chain == USER:
            return False
    return True
