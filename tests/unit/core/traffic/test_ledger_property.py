"""Whatever happens in whatever order, no exposed counter ever goes back."""

from typing import Literal, NamedTuple

from hypothesis import example, given, settings
from hypothesis import strategies as st

from exporter.core.traffic.ledger import Ledger
from tests.support.builders import ended, veth
from tests.support.histories import NETWORKS, exposed, host

Counts = tuple[int, ...]
Action = Literal["start", "read", "teardown", "end", "stop", "remove"]


class Step(NamedTuple):
    """Something that happens to one container's place on one network."""

    action: Action
    container: str
    network: str
    counts: Counts


def steps(counts: st.SearchStrategy[Counts]) -> st.SearchStrategy[list[Step]]:
    step = st.builds(
        Step,
        st.sampled_from(["start", "read", "read", "teardown", "end", "stop", "remove"]),
        st.sampled_from(["web", "db"]),
        st.sampled_from(["front", "back"]),
        counts,
    )
    return st.lists(step, max_size=30)


class World:
    """A kernel that counts and an engine that lists, both told to the ledger step by step."""

    def __init__(self) -> None:
        self.ledger = Ledger()
        self._veths: dict[tuple[str, str], int] = {}
        self._ids: dict[str, str] = {}
        self._last = 100
        self._highest: dict[tuple[str, str], Counts] = {}
        self._networks: dict[str, Counts] = {}

    def take(self, step: Step) -> None:
        """Let it happen, then look."""
        key = step.container, step.network
        match step.action:
            case "start":
                self._start(key)
            case "read":
                self._read(key, step.counts)
            case "teardown":
                # The peer is detached: what the host's end received is counted there and reads as 0.
                self._read(key, tuple(0 if place % 2 == 0 else n for place, n in enumerate(step.counts)))
            case "end":
                self._end(key, step.counts)
            case "stop":
                self._stop(step.container, step.counts)
            case "remove":
                self._remove(step.container, step.counts)
        self.check()

    def check(self) -> None:
        """Attribute what is there, and compare what is exposed with all that was exposed before."""
        topology = host(*((*key, ifindex) for key, ifindex in self._veths.items()), stopped=(), ids=self._shown_ids())
        self.ledger.attribute(topology)
        for key, now in exposed(self.ledger, topology).items():
            before = self._highest.get(key, now)
            assert all(new >= old for new, old in zip(now, before, strict=True)), (key, before, now)
            self._highest[key] = now
        self._check_networks(exposed(self.ledger, topology))

    def _check_networks(self, shown: dict[tuple[str, str], Counts]) -> None:
        """A network's sum holds every endpoint's, and never goes back either."""
        for name, now in zip(NETWORKS, self.ledger.networks(f"{name}-net" for name in NETWORKS).values(), strict=True):
            members = [total for (_, network), total in shown.items() if network == name]
            below = [self._networks.get(name, now[1:]), tuple(map(sum, zip(*members, strict=True))) or now[1:]]
            assert all(new >= old for least in below for new, old in zip(now[1:], least, strict=True)), (
                name,
                now,
                below,
            )
            self._networks[name] = now[1:]

    def _shown_ids(self) -> dict[str, str]:
        return {name: self._ids.get(name, f"{name}-id") for name, _ in self._veths}

    def _start(self, key: tuple[str, str]) -> None:
        if key not in self._veths:
            self._last += 1
            self._veths[key] = self._last

    def _read(self, key: tuple[str, str], counts: Counts) -> None:
        if key in self._veths:
            self.ledger.read([(self._veths[key], *counts)])

    def _end(self, key: tuple[str, str], counts: Counts) -> None:
        ifindex = self._veths.pop(key, None)
        if ifindex is not None:
            self.ledger.end([ended(veth("gone", ifindex), (ifindex, *counts), master=f"br-{key[1]}")])

    def _stop(self, name: str, counts: Counts) -> None:
        for key in [key for key in self._veths if key[0] == name]:
            self._end(key, counts)

    def _remove(self, name: str, counts: Counts) -> None:
        """`docker rm -f`: the next one of that name has another id."""
        self._stop(name, counts)
        self.check()
        self._ids[name] = f"{name}-{self._last}"


def replay(history: list[Step]) -> None:
    world = World()
    for step in history:
        world.take(step)


COUNTS = st.integers(0, 1 << 40)
# Packets and bytes of one direction rise and fall together; a veth drops and errs less than it moves.
REAL = st.tuples(COUNTS, COUNTS).map(lambda moved: (*moved, *moved, 0, 0, 0, 0))
ANY = st.tuples(*[COUNTS] * 8)


@given(steps(REAL))
@settings(max_examples=200, deadline=None)
def test_no_total_ever_decreases(history: list[Step]) -> None:
    replay(history)


@given(steps(ANY))
@example([Step("start", "web", "front", ()), *(Step("read", "web", "front", (1, 1, n, n, n, n, n, n)) for n in (9, 0))])
@settings(max_examples=100, deadline=None)
def test_no_total_decreases_whatever_the_kernel_says(history: list[Step]) -> None:
    replay(history)
