"""The jump into Docker's chains exists, but a rule before it ends the packet's way, as firewalld's ACCEPT does."""

from collections.abc import Iterator

from exporter.core.finding import CRITICAL, WARNING
from exporter.core.nat.drift import NatDrift, Subject
from exporter.core.nat.scene import ACCEPTED, DROPPED, NatScene, is_loopback, packet_to

KIND = "unreachable_jump"
ENDS = DROPPED | {ACCEPTED, "RETURN"}


def check(scene: NatScene) -> Iterator[NatDrift]:
    """Walk clients' first packets from PREROUTING; each chain is told once, for the first port that it stops."""
    told = set()
    layout = scene.layout
    for binding, _ in scene.entries:
        place = layout.nat_place(binding.family, layout.prerouting)
        if binding.family in told or is_loopback(binding) or not scene.jumps(place, layout.entry):
            continue
        rule, certain = next(scene.docker.hits(place, packet_to(binding)), (None, False))
        if rule is not None and certain and rule.target in ENDS:
            told.add(binding.family)
            severity = WARNING if scene.proxies_all else CRITICAL
            detail = f"{rule.chain} ends with {rule.target} before {layout.entry} is reached"
            yield NatDrift(KIND, severity, Subject(family=binding.family, chain=layout.prerouting), detail)
