"""A network that should be translated on the way out is not, or to an address that the host lacks: no answer returns.

Guard: a translation by anybody's rule will do, and so will a rule that is not understood and may be one.
An address that no network of the host's has may be routed to it: severity info.
"""

from collections.abc import Iterator

from exporter.core.findings.finding import CRITICAL, INFO, Finding, Severity
from exporter.core.nat.context import NatContext
from exporter.core.nat.drift import Subject, drift
from exporter.core.nat.expected import ExpectedNetwork
from exporter.core.nat.lacked_source import is_on_link, lacked_source
from exporter.core.nat.walk.hooks import TRANSLATES
from exporter.core.nat.walk.rule_text import decided_by

KIND = "missing_masquerade"


def check(context: NatContext) -> Iterator[Finding]:
    """Walk a packet out of each network."""
    for network in context.expected.networks:
        place = context.layout.nat_place(network.family, context.layout.postrouting)
        if network.masqueraded and network.family in context.families and context.has(place):
            severity, why = _untranslated(context, network)
            if why:
                subject = Subject(family=network.family, chain=place[2], network=network.network.name)
                detail = f"outgoing packets of network {network.network.name} ({network.subnet}) {why}"
                yield drift(KIND, severity, subject, detail)


def _untranslated(context: NatContext, network: ExpectedNetwork) -> tuple[Severity, str]:
    """Return what is wrong; '' where it is translated, may be, or is dropped before."""
    sent = context.way_out(network).parts[0]
    if sent.decision is not None or any(one.effect in TRANSLATES for one in (*sent.unclear, *sent.partial)):
        return INFO, ""
    if not sent.translations:
        return CRITICAL, "keep their own address"
    inside = context.expected.inside
    lacked = lacked_source(inside, sent.translations[-1:])
    if lacked is None:
        return INFO, ""
    # the network outside may route an address of another network to this host
    severity = CRITICAL if is_on_link(inside, lacked.address) else INFO
    return severity, f"get the address {lacked.address}, which this host lacks, by {decided_by(lacked)}"
