"""Docker's chains are gone, or those by which the kernel enters them.

Guard: iptables makes a base chain with the first rule in it, so POSTROUTING is there once a network is translated.
"""

from collections.abc import Iterator

from exporter.core.findings.finding import CRITICAL
from exporter.core.nat.context import NatScene
from exporter.core.nat.drift import NatDrift, Subject

KIND = "missing_chain"


def check(scene: NatScene) -> Iterator[NatDrift]:
    """Find the chains without which nothing works, for each family that the engine writes."""
    translated = {network.family for network in scene.expected.networks if network.masqueraded}
    for family in sorted(scene.families):
        for place in scene.layout.required(family):
            needed = place[2] != scene.layout.postrouting or family in translated
            if needed and not scene.has(place):
                _, table, chain = place
                detail = f"chain {chain} of table {family} {table} is gone; only a restart of dockerd makes it anew"
                yield NatDrift(KIND, CRITICAL, Subject(family=family, chain=chain), detail)
