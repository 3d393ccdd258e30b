"""Whatever happens to rules in whatever order: sums never shrink, and are what was counted."""

from collections import Counter
from typing import Literal, NamedTuple

from hypothesis import example, given, settings
from hypothesis import strategies as st

from exporter.core.nat.ledger import PORT, NatLedger, Series
from exporter.core.nat.reading import Counted, Ended, NatReading
from exporter.core.nat.ruleset import Rule

NAT = ("ip", "nat", "DOCKER")
Action = Literal["new", "hit", "end", "rewrite", "zero", "read", "lose", "late", "learn", "rename"]
NAMES = ("web", "api", "db")
RULES = {name: Rule(*NAT, "DNAT", address=name) for name in NAMES}


class Step(NamedTuple):
    """Something that happens."""

    action: Action
    name: str
    number: int


class World:
    """A kernel whose rules count, a table that is written anew with the same handles, and a ledger that reads."""

    def __init__(self) -> None:
        self.ledger = NatLedger()
        self.living: dict[str, tuple[int, int]] = {}  # name: key, packets
        self.read_at: Counter[int] = Counter()  # key: packets at the last reading
        self.ended: list[Ended] = []
        self.known: set[str] = set()
        self.hits: Counter[str] = Counter()
        self.handle = 0
        self.before: dict[Series, int] = {}

    def _series_of(self, rule: Rule) -> Series | None:
        return (PORT, rule.address, "tcp", "1") if rule.address in self.known else None

    def take(self, step: Step) -> None:
        """Let it happen, then compare."""
        self._happens(step.action, step.name, step.number)
        now = dict(self.ledger.totals(PORT))
        for series, count in self.before.items():
            assert now[series] >= count, (series, count, now)
        self.before = now

    def _happens(self, action: Action, name: str, number: int) -> None:
        if action == "hit":
            self._hit(name, number)
        elif action == "rewrite":
            self._rewrite(number)
        elif action == "read":
            self._read()
        else:
            actions = {"new": self._new, "end": self._end, "zero": self._zero, "lose": self._lose, "late": self._late}
            (actions | {"learn": self._learn, "rename": self._rename})[action](name)

    def _new(self, name: str) -> None:
        if name not in self.living:
            self.handle += 1
            self.living[name] = self.handle, 0

    def _hit(self, name: str, number: int) -> None:
        if name in self.living:
            key, packets = self.living[name]
            self.living[name] = key, packets + number
            self.hits[name] += number

    def _end(self, name: str) -> None:
        if name in self.living:
            key, packets = self.living.pop(name)
            self.ended.append(Ended(key, RULES[name], packets))

    def _lose(self, name: str) -> None:
        """Its end is not heard: what it counted since the last reading is lost."""
        if name in self.living:
            key, packets = self.living.pop(name)
            self.hits[name] -= packets - self.read_at[key]
            self._read()

    def _late(self, name: str) -> None:
        """Its end is told after the reading that it is not in any more."""
        if name in self.living:
            key, packets = self.living.pop(name)
            self._read()
            self.ended.append(Ended(key, RULES[name], packets))
            self._read()

    def _rewrite(self, number: int) -> None:
        """All rules anew, in an order that gives the old handles to other rules."""
        names = sorted(self.living, key=lambda name: (len(name) * number, name), reverse=bool(number % 2))
        for name in list(self.living):
            self._end(name)
        self.handle = 0
        for name in names:
            self._new(name)
        # A key that ended is a new rule's from here on.
        self.read_at.clear()

    def _zero(self, name: str) -> None:
        self._read()
        if name in self.living:
            self.living[name] = self.living[name][0], 0
        self._read()

    def _learn(self, name: str) -> None:
        self.known.add(name)
        self.ledger.attribute(self._series_of)

    def _rename(self, name: str) -> None:
        """For a moment nobody knows it."""
        self.known.discard(name)
        self._read()
        self._learn(name)

    def _read(self) -> None:
        counted = Counted(tuple(key for key, _ in self.living.values()), tuple(RULES[name] for name in self.living))
        packets = [packets for _, packets in self.living.values()]
        self.ledger.read(NatReading(counted=counted, packets=packets, ended=tuple(self.ended)), self._series_of, 1.0)
        self.ended = []
        self.read_at = Counter(dict(self.living.values()))

    def check(self) -> None:
        """Once all owners are known, the sums are what was counted."""
        for name in NAMES:
            self._learn(name)
        self._read()
        sums = {series[0]: count for series, count in self.ledger.totals(PORT).items() if count}
        assert sums == {name: count for name, count in self.hits.items() if count}


ACTIONS: list[Action] = [
    "new",
    "hit",
    "hit",
    "hit",
    "end",
    "rewrite",
    "zero",
    "read",
    "read",
    "lose",
    "late",
    "learn",
    "rename",
]


@given(st.lists(st.builds(Step, st.sampled_from(ACTIONS), st.sampled_from(NAMES), st.integers(1, 5)), max_size=40))
@example(
    [Step("new", "web", 1), Step("hit", "web", 5), Step("read", "", 1), Step("rewrite", "", 1), Step("hit", "web", 9)]
)
@settings(max_examples=400, deadline=None)
def test_sums_never_shrink_and_are_what_was_counted(history: list[Step]) -> None:
    world = World()
    for step in history:
        world.take(step)
    world.check()
