"""The jump into Docker's chains exists, but a rule before it ends the packet's way, as firewalld's ACCEPT does.

Guard: another rule that forwards the port to its container is sufficient.
"""

from collections.abc import Iterator

from exporter.core.findings.finding import CRITICAL, WARNING, Finding
from exporter.core.nat.context import NatContext, is_loopback, packet_to
from exporter.core.nat.drift import Subject, drift
from exporter.core.nat.expected import ExpectedBinding
from exporter.core.nat.packet import YES
from exporter.core.nat.rules.forward_drop import is_unreachable
from exporter.core.nat.ruleset import RETURN, Place
from exporter.core.nat.walk.outcome import ACCEPTED, DROPS, Decision
from exporter.core.nat.walk.rule_text import decided_by
from exporter.core.nat.walk.walker import NOTRACK, Course

KIND = "unreachable_jump"
ENDS = DROPS | {ACCEPTED}


def check(context: NatContext) -> Iterator[Finding]:
    """Walk clients' first packets from PREROUTING; each chain is reported once, for the first port that it stops."""
    reported = set()
    layout = context.layout
    for binding, hits in context.entries:
        place = layout.nat_place(binding.family, layout.prerouting)
        if binding.family in reported or is_loopback(binding) or not context.reaches(place, layout.entry):
            continue
        ends = _end(context, place, binding, reachable=any(hit.answer == YES for hit in hits))
        if ends:
            reported.add(binding.family)
            severity = WARNING if context.proxies_all else CRITICAL
            detail = f"{ends} before {layout.entry} is reached, for {binding.protocol} port {binding.host_port}"
            yield drift(KIND, severity, Subject(family=binding.family, chain=layout.prerouting), detail)


def _end(context: NatContext, place: Place, binding: ExpectedBinding, *, reachable: bool) -> str:
    """Return what ends a packet's way before the entry chain, '' if nothing does for certain."""
    arrival = context.way(binding).arrival
    if arrival.translations or arrival.unclear or arrival.partial:
        return ""
    if arrival.decision is not None and not is_unreachable(context, arrival.decision):
        return ""
    if arrival.untracked is not None:
        return f"{decided_by(arrival.untracked)} exempts it from translation"
    walked = context.docker.hits(place, Course(packet_to(binding)))
    hit = next((hit for hit in walked if hit.target != NOTRACK), None)
    if hit is None:
        # The entry chain has a rule for it, and the packet meets none at all.
        return f"{place[2]} ends with {RETURN}" if reachable else ""
    if hit.answer == YES and hit.target in ENDS:
        return f"{decided_by(Decision(place, hit.target, hit.answer, hit.rule, hit.number))} ends"
    return ""
