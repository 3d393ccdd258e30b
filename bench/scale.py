"""How much a run measures."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """How many of what.

    `bursts` of a kernel sample, `scrapes` of each kind, `events` of an engine, `idle_seconds` of nothing, `lives` of
    containers that come and go, and as many `soaked` in batches.
    """

    sizes: tuple[int, ...] = (10, 100, 1000)
    bursts: int = 25
    scrapes: int = 200
    rival_scrapes: int = 5
    changes: int = 40
    events: int = 100
    idle_seconds: int = 60
    lives: int = 2000
    soaked: int = 100_000


QUICK = Scale(bursts=10, scrapes=50, rival_scrapes=2, changes=10, events=21, idle_seconds=15, lives=200, soaked=2000)
