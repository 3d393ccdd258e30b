"""A published port is forwarded elsewhere than Docker says, by a rule of any table that the packet meets first.

Guard: it is so for a client on the uplink's own network, or for every client; a rule that is not understood, and may
match before, decides nothing. Where iptables-legacy and nf_tables forward the port to different targets, no dump shows
which of them translates first: a warning, with certainty about neither.
"""

from collections.abc import Iterator

from exporter.core.findings.finding import CRITICAL, WARNING, Finding
from exporter.core.nat.context import NatContext, is_loopback
from exporter.core.nat.drift import drift, of_binding, written
from exporter.core.nat.expected import ExpectedBinding
from exporter.core.nat.packet import YES
from exporter.core.nat.walk.outcome import ORDER, Decision
from exporter.core.nat.walk.rule_text import decided_by
from exporter.core.nat.walk.walker import Hit

KIND = "wrong_dnat"


def check(context: NatContext) -> Iterator[Finding]:
    """Look in the entry chain, then along the whole way to it."""
    for binding, hits in context.entries:
        found = _in_entry_chain(context, binding, hits) or _on_the_way(context, binding)
        if found is not None:
            where = _place(context, found)
            detail = f"{written(binding)} of {binding.container} is forwarded to {where} by {decided_by(found)}"
            subject = of_binding(binding, found.place[2])
            yield drift(KIND, CRITICAL, subject, detail, key=of_binding(binding, ""))
        elif (rival := _rival(context, binding)) is not None:
            detail = (
                f"{written(binding)} of {binding.container} may be forwarded to {_place(context, rival)} by "
                f"{decided_by(rival)}: of iptables-legacy and nf_tables, the one registered last translates first"
            )
            yield drift(KIND, WARNING, of_binding(binding, rival.place[2]), detail, key=of_binding(binding, ""))


def _in_entry_chain(context: NatContext, binding: ExpectedBinding, hits: tuple[Hit, ...]) -> Decision | None:
    """Return the first rule of the entry chain if it certainly forwards to another target."""
    if not hits or hits[0].answer != YES or binding.is_served_by(hits[0]):
        return None
    base = context.layout.nat_place(binding.family, context.layout.entry)
    rule, number, answer, target, address, port = hits[0]
    return Decision(base, target, answer, rule, number, address, port)


def _on_the_way(context: NatContext, binding: ExpectedBinding) -> Decision | None:
    """Return the first rule that translates a packet from outside, if it forwards to another target."""
    if is_loopback(binding):
        return None
    arrival = context.way(binding).arrival
    first = arrival.translations[0] if arrival.translations and arrival.certain else None
    return first if first is not None and not binding.is_served_by(first) else None


def _rival(context: NatContext, binding: ExpectedBinding) -> Decision | None:
    """Return what forwards to another target, where one backend does and the other forwards as it must."""
    if is_loopback(binding):
        return None
    arrival = context.way(binding).arrival
    others = [one for one in arrival.unclear if ORDER in one.limits]
    if len(others) != len(arrival.unclear):
        return None
    either = [*arrival.translations[:1], *others]
    wrong = [one for one in either if not binding.is_served_by(one)]
    return wrong[0] if wrong and len(wrong) < len(either) else None


def _place(context: NatContext, dnat: Decision) -> str:
    if dnat.effect == "REDIRECT":
        return f"port {dnat.port} of the host" if dnat.port else "the host itself"
    owner = context.expected.owners.get(dnat.address)
    return f"{dnat.address}:{dnat.port} ({owner.container if owner else 'no container'})"
