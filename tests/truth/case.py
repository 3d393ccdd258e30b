"""What a case is: what is planted, what a connection must then show, and what the product must answer."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from enum import IntEnum

from tests.support.private_host.engines import BUILT, MOBY_NFTABLES
from tests.truth.chosen import BY_IPTABLES, ON_LEGACY
from tests.truth.lab import Lab

BOTH = ("bookworm", "sid")
NEWEST = "sid"  # Debian's; the built ones play what it plays
ANY = "*"
NFT, LEGACY = "nft", "legacy"

Plant = Callable[[Lab], AbstractContextManager[object]]


def nothing(_lab: Lab) -> AbstractContextManager[object]:
    """Plant nothing: the host as it was made is the case."""
    return nullcontext()


Probe = Callable[[Lab], bool]


class Verdict(IntEnum):
    """The answer of `explain`, by its exit code."""

    WHOLE = 0
    BROKEN = 2
    UNKNOWN = 3

    @property
    def words(self) -> str:
        """As `explain` writes it."""
        return {0: "reachable", 2: "unreachable or blocked", 3: "undetermined"}[self]


@dataclass(frozen=True, slots=True)
class Case:
    """One row of the table.

    `base` stands during the whole case. `probe` is true before `plant` and after its undo, and equal to `works` in
    between; it is measured in between alone where `sound_before` is false.
    `asked` is the argument of `explain` ('' = not asked), `verdicts` are its right answers.
    `finds`: one of these kinds must be found with severity warning or critical (ANY = of whatever kind).
    `forbidden`: no finding of these severities may appear.
    `subject`: a name that every finding about the case contains; cases that have one can be played together.
    `flags` are those of dockerd, whose host is then another one, as is one with `programs` of a firewall.
    `once`: the commands are run once without the exporter; where nothing is `asked`, the exit code of `check` is the
    verdict.
    After a `fresh` case the host is replaced.
    `watch` is the shortest time in seconds for which the product is watched.
    """

    name: str
    kind: str
    plant: Plant
    probe: Probe
    works: bool
    asked: str
    verdicts: frozenset[Verdict]
    finds: tuple[str, ...] = ()
    forbidden: frozenset[str] = frozenset()
    subject: str = ""
    outage: bool = True
    engines: tuple[str, ...] = BOTH
    flags: tuple[str, ...] = ()
    programs: str = ""
    base: Plant = nothing
    sound_before: bool = True
    once: bool = False
    fresh: bool = False
    watch: float = 4.0

    def runs_on(self, suite: str, layout: str) -> bool:
        """Whether the case is meant for this engine and rule layout."""
        if suite in BUILT:
            return layout == NFT and (
                suite in self.engines or (NEWEST in self.engines and not self._is_elsewhere(suite))
            )
        return suite in self.engines and (layout == NFT or self.name in ON_LEGACY)

    def _is_elsewhere(self, suite: str) -> bool:
        """Whether it is planted in rules that this engine does not write."""
        return suite == MOBY_NFTABLES and bool({self.kind, self.name} & BY_IPTABLES)
