"""What a situation is: what is planted, the question, what a connection shows, and the right answers."""

from dataclasses import dataclass
from enum import Enum
from typing import Any

from tests.truth.case import Plant
from tests.truth.lab import Lab

BOOKWORM, TRIXIE, SID = "bookworm", "trixie", "sid"
ALL = (BOOKWORM, TRIXIE, SID)
NEWER = (TRIXIE, SID)
REACHABLE, UNREACHABLE, BLOCKED = "reachable", "unreachable", "blocked"
UNDETERMINED, AMBIGUOUS = "undetermined", "ambiguous"
POSITIVE = frozenset({REACHABLE})
NEGATIVE = frozenset({UNREACHABLE, BLOCKED})
OPEN = frozenset({UNDETERMINED})


class Truth(Enum):
    """What real connections show."""

    WORKS = "works"
    FAILS = "does not work"
    MIXED = "works for some addresses"


@dataclass(frozen=True, slots=True)
class Situation:
    """One row of the table.

    `base` stands during the whole situation; before `fault` a connection works, unless `works_before` is false.
    `source`, `target`, `port` and `protocol` are the question; `target` may name addresses as `Lab.text` does.
    `through` is what the connection is made to where `target` is a word of `explain` alone; '' = `target`.
    `answers` are the bodies of which a right server sends one; `size` is the length of a datagram.
    `steps` are the steps of which one is the first that is not ok where it does not work; the planted one stands first.
    `verdicts` are the right answers. `in_cgroup`: the connection is made in the cgroup of the source.
    `portless`: the question names no port.
    """

    name: str
    kind: str
    base: Plant
    truth: Truth
    verdicts: frozenset[str]
    fault: Plant | None = None
    steps: tuple[str, ...] = ()
    source: str = "client"
    target: str = "server"
    port: int = 80
    protocol: str = "tcp"
    through: str = ""
    answers: tuple[str, ...] = ("server",)
    size: int = 16
    works_before: bool = True
    engines: tuple[str, ...] = ALL
    flags: tuple[str, ...] = ()
    in_cgroup: bool = False
    portless: bool = False

    def words(self, lab: Lab) -> tuple[str, str]:
        """Return the two arguments of `explain`."""
        target = lab.text(self.target)
        text = f"[{target}]" if ":" in target else target
        if self.portless:
            return self.source, target
        return self.source, f"{text}:{self.port}" + ("/udp" if self.protocol == "udp" else "")


def works(name: str, base: Plant, fault: Plant | None = None, **options: Any) -> Situation:
    """A connection that works, also with what `fault` plants."""
    settings = {"kind": "", "truth": Truth.WORKS, "verdicts": POSITIVE, **options}
    return Situation(name=name, base=base, fault=fault, **settings)


def works_unseen(name: str, base: Plant, fault: Plant | None = None, **options: Any) -> Situation:
    """A connection that works by something that need not be understood: never unreachable."""
    return works(name, base, fault, **{"verdicts": POSITIVE | OPEN, **options})


def fails(name: str, steps: str, base: Plant, fault: Plant | None = None, **options: Any) -> Situation:
    """A connection that fails at one of `steps`, separated by blanks; it works before `fault`."""
    settings = {"kind": "", "truth": Truth.FAILS, "verdicts": NEGATIVE, **options}
    return Situation(name=name, base=base, fault=fault, steps=tuple(steps.split()), **settings)


def fails_unseen(name: str, steps: str, base: Plant, fault: Plant | None = None, **options: Any) -> Situation:
    """A connection that fails by something that need not be understood: never reachable."""
    return fails(name, steps, base, fault, **{"verdicts": NEGATIVE | OPEN, **options})
