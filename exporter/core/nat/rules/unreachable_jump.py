"""The jump into Docker's chains exists, but a rule before it ends the packet's way, as firewalld's ACCEPT does."""

from collections.abc import Iterator

from exporter.core.findings.finding import CRITICAL, WARNING, Finding
from exporter.core.nat.context import ACCEPTED, DROPPED, NatContext, is_loopback, packet_to
from exporter.core.nat.drift import Subject, drift
from exporter.core.nat.expected import ExpectedBinding
from exporter.core.nat.ruleset import RETURN, Place

KIND = "unreachable_jump"
ENDS = DROPPED | {ACCEPTED}


def check(context: NatContext) -> Iterator[Finding]:
    """Walk clients' first packets from PREROUTING; each chain is told once, for the first port that it stops."""
    told = set()
    layout = context.layout
    for binding, hits in context.entries:
        place = layout.nat_place(binding.family, layout.prerouting)
        if binding.family in told or is_loopback(binding) or not context.jumps(place, layout.entry):
            continue
        ends = _end(context, place, binding, reachable=any(certain for _, certain in hits))
        if ends:
            told.add(binding.family)
            severity = WARNING if context.proxies_all else CRITICAL
            detail = f"{ends} before {layout.entry} is reached"
            yield drift(KIND, severity, Subject(family=binding.family, chain=layout.prerouting), detail)


def _end(context: NatContext, place: Place, binding: ExpectedBinding, *, reachable: bool) -> str:
    """Return what ends a packet's way before the entry chain, '' if nothing does for certain."""
    rule, certain = next(context.docker.hits(place, packet_to(binding)), (None, False))
    if rule is None:
        # The entry chain has a rule for it, and the packet meets none at all.
        return f"{place[2]} ends with {RETURN}" if reachable else ""
    return f"{rule.chain} ends with {rule.target}" if certain and rule.target in ENDS else ""
