"""A network that should be translated on the way out is not, or to an address that the host lacks: no answer returns.

Guard: a translation by anybody's rule will do, and so will a rule that is not understood and may be one.
"""

from collections.abc import Iterator

from exporter.core.findings.finding import CRITICAL, Finding
from exporter.core.nat.address_numbers import number_of
from exporter.core.nat.context import NatContext
from exporter.core.nat.drift import Subject, drift
from exporter.core.nat.expected import ExpectedNetwork
from exporter.core.nat.walk.hooks import TRANSLATES
from exporter.core.nat.walk.outcome import Decision
from exporter.core.nat.walk.rule_text import decided_by

KIND = "missing_masquerade"


def check(context: NatContext) -> Iterator[Finding]:
    """Walk a packet out of each network."""
    for network in context.expected.networks:
        place = context.layout.nat_place(network.family, context.layout.postrouting)
        if network.masqueraded and network.family in context.families and context.has(place):
            why = _untranslated(context, network)
            if why:
                subject = Subject(family=network.family, chain=place[2], network=network.network.name)
                detail = f"outgoing packets of network {network.network.name} ({network.subnet}) {why}"
                yield drift(KIND, CRITICAL, subject, detail)


def _untranslated(context: NatContext, network: ExpectedNetwork) -> str:
    """Return what is wrong; '' where it is translated, may be, or is dropped before."""
    sent = context.way_out(network).parts[0]
    if sent.decision is not None or any(one.effect in TRANSLATES for one in (*sent.unclear, *sent.partial)):
        return ""
    if not sent.translations:
        return "keep their own address"
    return _lost(context, sent.translations[-1])


def _lost(context: NatContext, translation: Decision) -> str:
    """Whether the host lacks the address that answers would return to."""
    inside = context.expected.inside
    family = translation.base[0] if translation.base[0] in inside.own else "ip6" if ":" in translation.address else "ip"
    own = inside.own.get(family)
    if not translation.address or not own or number_of(translation.address) in own:
        return ""
    return f"get the address {translation.address}, which this host lacks, by {decided_by(translation)}"
