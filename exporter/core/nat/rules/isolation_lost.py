"""Networks that should not reach each other do: Docker's isolation rules are gone, or others accept before them.

Guard: networks that are routed to, or unprotected by choice, are left out, and so are those without a live endpoint.
What an operator accepts in one direction alone opens no connection, and is meant.
"""

from collections.abc import Iterator
from itertools import islice, pairwise, permutations

from exporter.core.findings.finding import WARNING, Finding
from exporter.core.findings.rule import Input
from exporter.core.nat.context import NatContext
from exporter.core.nat.drift import Subject, drift
from exporter.core.nat.expected import ExpectedNetwork
from exporter.core.nat.packet import Packet
from exporter.core.nat.walk.firewall import FORWARD, PREROUTING
from exporter.core.nat.walk.hooks import walk
from exporter.core.nat.walk.outcome import ACCEPTED, Outcome

KIND = "isolation_lost"
MOST_PAIRS = 1000  # of networks: those of the default address pools; neighbours by name are always walked


def check(context: NatContext) -> Iterator[Finding]:
    """Walk from each network to the others; each is reported once, with the first that it reaches."""
    for family in sorted(context.families):
        shut = sorted(_shut(context, family), key=lambda network: network.network.name)
        ring = pairwise([*shut, *shut[:1]] if len(shut) > 1 else [])
        reported = set()
        for one, other in dict.fromkeys((*ring, *islice(permutations(shut, 2), MOST_PAIRS))):
            if one.network.name not in reported and _reaches(context, one, other):
                reported.add(one.network.name)
                subject = Subject(family=family, chain=context.layout.forward, network=one.network.name)
                detail = f"containers of network {one.network.name} reach those of network {other.network.name}"
                yield drift(KIND, WARNING, subject, detail)


def skipped(context: NatContext) -> Iterator[Input]:
    """Yield an input that is missing where there are more pairs than are walked."""
    counts = [len(_shut(context, family)) for family in context.families]
    if any(count * (count - 1) > MOST_PAIRS for count in counts):
        yield Input.NETWORK_PAIRS


def _shut(context: NatContext, family: str) -> list[ExpectedNetwork]:
    return [n for n in context.expected.networks if n.family == family and n.populated and n.mode == "nat"]


def _reaches(context: NatContext, one: ExpectedNetwork, other: ExpectedNetwork) -> bool:
    there = _between(context, one, other)
    if not _is_open(there):
        return False
    meant = any(decision.rule is not None and decision.rule.place in context.operators for decision in there.accepted)
    return not meant or _is_open(_between(context, other, one))


def _is_open(outcome: Outcome) -> bool:
    return outcome.verdict == ACCEPTED and not outcome.partial


def _between(context: NatContext, one: ExpectedNetwork, other: ExpectedNetwork) -> Outcome:
    """Walk to no port: a published one is let through, and guarded by the table raw."""
    bridges = one.network.bridge, other.network.bridge
    packet = Packet(*bridges, one.source, other.source, family=one.family)
    return walk(context.firewall, packet, (PREROUTING, FORWARD))
