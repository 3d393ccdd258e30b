"""Docker's chains are gone, or those by which the kernel enters them.

Guard: iptables makes a base chain with the first rule in it, so POSTROUTING is there once a network is translated.
"""

from collections.abc import Iterator

from exporter.core.findings.finding import CRITICAL, Finding
from exporter.core.nat.context import NatContext
from exporter.core.nat.drift import Subject, drift

KIND = "missing_chain"


def check(context: NatContext) -> Iterator[Finding]:
    """Find the chains without which nothing works, for each family that the engine writes."""
    translated = {network.family for network in context.expected.networks if network.masqueraded}
    for family in sorted(context.families):
        for place in context.layout.required(family):
            needed = place[2] != context.layout.postrouting or family in translated
            if needed and not context.has(place):
                _, table, chain = place
                detail = f"chain {chain} of table {family} {table} is gone; a restart of dockerd makes it anew"
                yield drift(KIND, CRITICAL, Subject(family=family, chain=chain), detail, key=place)
