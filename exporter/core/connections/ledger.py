"""Sums of connections by pair, which never decrease while a pair is kept."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from operator import add, sub

from exporter.core.connections.attribution import Attribution, Result
from exporter.core.connections.bounds import Bounds
from exporter.core.connections.directory import Directory, build_directory
from exporter.core.connections.interest import interest
from exporter.core.connections.pair import ConnectionReport, Pair, PairSums
from exporter.core.connections.reading import NONE_LIVING, Counts, Living, Near, Reading, Row
from exporter.core.model.docker import Inventory

ZERO = Counts()
WAIT_SECONDS = 60.0  # for an inventory with the container
# Readings without an end until it is dropped: one that ends during a reading is missing there, and in the next again.
MAX_MISSING = 3
MAX_GONE_PAIRS, MAX_GONE_TOTALS = 1024, 1024  # of containers that were removed


@dataclass(slots=True)
class Known:
    """What was counted of one end, and its pair once resolved; `since` in seconds, `seen` the number of a reading."""

    counted: Counts
    since: float
    seen: int
    pair: Pair | Result | None = None


class ConnectionLedger:
    """Not thread-safe. Times are Unix seconds; pairs that did not change for `forget` seconds and do not live end."""

    def __init__(self, host_cookie: int, forget: float) -> None:
        self._attribution = Attribution(host_cookie)
        self._forget = forget
        self._directory = Directory()
        self._inventory = Inventory()
        self._bounds = Bounds()
        self._known: dict[bytes, Known] = {}
        self._sums: dict[Pair, PairSums] = {}
        self._forgotten: dict[str, Counts] = {}
        self._living: dict[Pair, Living] = {}
        self._namespaces: Mapping[int, str] = {}
        self._addresses: frozenset[str] = frozenset()
        self._last = 0.0
        self._started = 0.0
        self._lost = 0
        self._readings = 0

    def update_inventory(self, inventory: Inventory) -> None:
        """Take an inventory: a container may be gone before its connections are read."""
        self._inventory = inventory
        self._directory = build_directory(inventory, self._directory)
        self._attribution.update(inventory, self._directory)
        self._resolve_again()

    def count(
        self, reading: Reading, namespaces: Mapping[int, str], host_addresses: frozenset[str], now: float
    ) -> None:
        """Add what is new; `namespaces` are container ids by inode, `host_addresses` those of the host's devices."""
        self._started = self._started or now
        self._last = self._last or now
        self._update_namespaces(namespaces, host_addresses)
        self._lost = max(self._lost, reading.lost)
        self._living = {}
        self._readings += 1
        for row in reading.rows:
            self._count_row(row, now)
        oldest = self._readings - MAX_MISSING
        self._known = {key: known for key, known in self._known.items() if known.seen > oldest}
        self._forget_idle(now)
        self._last = now

    def report(self, *, older_counted: bool) -> ConnectionReport:
        """Return all sums, by pair in alphabetical order."""
        pairs = {pair: self._shown(pair, sums) for pair, sums in sorted(self._sums.items())}
        return ConnectionReport(pairs, dict(self._forgotten), self._lost, self._started, older_counted)

    def _shown(self, pair: Pair, sums: PairSums) -> PairSums:
        return PairSums(sums.counts, self._living.get(pair, NONE_LIVING), sums.created, sums.changed)

    def _update_namespaces(self, namespaces: Mapping[int, str], host_addresses: frozenset[str]) -> None:
        if namespaces == self._namespaces and host_addresses == self._addresses:
            return
        self._namespaces, self._addresses = namespaces, host_addresses
        near = interest(self._inventory, host_addresses).near
        own = frozenset(prefix.partition("/")[0] for prefix, reason in near.items() if reason is Near.HOST)
        self._attribution.update_namespaces(namespaces, own)
        self._resolve_again()

    def _resolve_again(self) -> None:
        for known in self._known.values():
            known.pair = None

    def _count_row(self, row: Row, now: float) -> None:
        known = self._known.get(row.identity)
        if known is None:
            known = self._known[row.identity] = Known(ZERO, now, 0)
        known.seen = self._readings
        if known.pair is None or known.pair is Result.PENDING:
            known.pair = self._attribution.pair(row.end)
        if known.pair is Result.PENDING and not row.final and now < known.since + WAIT_SECONDS:
            return
        if isinstance(known.pair, Pair):
            self._add(known.pair, row, known.counted, now)
        if row.final:
            del self._known[row.identity]
        elif row.counts != known.counted:
            known.counted = Counts._make(map(max, known.counted, row.counts))

    def _add(self, pair: Pair, row: Row, counted: Counts, now: float) -> None:
        if row.counts == counted and row.living == NONE_LIVING:
            return
        pair = self._bounds.bounded(pair)
        if row.living != NONE_LIVING:
            self._living[pair] = (
                Living._make(map(add, self._living[pair], row.living)) if pair in self._living else row.living
            )
        new = tuple(map(sub, row.counts, counted))
        if min(new) < 0:
            new = tuple([max(0, step) for step in new])
        sums = self._sums.get(pair)
        if sums is None:
            sums = PairSums(ZERO, NONE_LIVING, self._last, now)
        counts = Counts._make(map(add, sums.counts, new)) if any(new) else sums.counts
        self._sums[pair] = PairSums(counts, NONE_LIVING, sums.created, now)

    def _forget_idle(self, now: float) -> None:
        """Forget idle pairs, and the oldest of removed containers where there are too many."""
        present = {container.name for container in self._inventory.containers.values()} | {""}
        idle = {pair for pair, sums in self._sums.items() if sums.changed < now - self._forget}
        gone = [pair for pair in self._sums if pair.container not in present and pair not in idle]
        if len(gone) > MAX_GONE_PAIRS:
            gone.sort(key=lambda pair: self._sums[pair].changed)
            idle.update(gone[:-MAX_GONE_PAIRS])
        if idle:
            self._keep_totals(idle, present)
            self._sums = {pair: sums for pair, sums in self._sums.items() if pair not in idle}
            self._bounds.keep(self._sums)

    def _keep_totals(self, idle: Iterable[Pair], present: AbstractSet[str]) -> None:
        for pair in idle:
            former = self._forgotten.pop(pair.container, ZERO)
            self._forgotten[pair.container] = Counts._make(map(add, former, self._sums[pair].counts))
        removed = [name for name in self._forgotten if name not in present]
        for name in removed[:-MAX_GONE_TOTALS]:
            del self._forgotten[name]
