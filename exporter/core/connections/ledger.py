"""Sums of connections by pair, which never decrease while a pair is kept."""

from collections import deque
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from operator import add, itemgetter

from msgspec import Struct

from exporter.core.connections.account import ZERO, Account
from exporter.core.connections.attribution import Attribution, Result
from exporter.core.connections.bounds import Bounds
from exporter.core.connections.directory import Directory, build_directory
from exporter.core.connections.interest import interest
from exporter.core.connections.pair import ConnectionReport, Pair, PairSums
from exporter.core.connections.reading import NONE_LIVING, Counts, Near, Reading, Row
from exporter.core.model.docker import Inventory

WAIT_SECONDS = 60.0  # for an inventory with the container
# Readings without an end until it is dropped: one that ends during a reading is missing there, and in the next again.
MAX_MISSING = 3
MARKS = 256  # of the time after which a pair is forgotten, however often readings are requested
MAX_GONE_PAIRS, MAX_GONE_TOTALS = 1024, 1024  # of containers that were removed


class Known(Struct):
    """What was counted of one end, and its pair once resolved, with its account once something was counted.

    Of the first reading with it, `since` is in seconds of the clock, `first` Unix time; `seen` the number of the last.
    """

    counted: Counts
    since: float
    first: float
    seen: int
    pair: Pair | Result | None = None
    account: Account | None = None


class ConnectionLedger:
    """Not thread-safe. Times of a report are Unix time, those that something lasts are of a clock that never decreases.

    Pairs that did not change for `forget` seconds and do not live end.
    """

    def __init__(self, host_cookie: int, forget: float) -> None:
        self._attribution = Attribution(host_cookie)
        self._forget = forget
        self._directory = Directory()
        self._inventory = Inventory()
        self._present: AbstractSet[str] = frozenset({""})
        self._bounds = Bounds()
        self._known: dict[bytes, Known] = {}
        self._accounts: dict[Pair, Account] = {}
        self._sorted = True
        self._forgotten: dict[str, Counts] = {}
        self._namespaces: Mapping[int, str] = {}
        self._addresses: frozenset[str] = frozenset()
        self._last = self._clock = 0.0
        self._recent: deque[tuple[float, int]] = deque()  # clock and number of some readings of `forget` seconds
        self._idle = 0  # the number of the reading before these
        self._started = 0.0
        self._lost = 0
        self._readings = 0

    def update_inventory(self, inventory: Inventory) -> None:
        """Take an inventory: a container may be gone before its connections are read."""
        self._inventory = inventory
        self._present = {container.name for container in inventory.containers.values()} | {""}
        self._directory = build_directory(inventory, self._directory)
        self._attribution.update(inventory, self._directory)
        self._resolve_again()

    def count(
        self, reading: Reading, namespaces: Mapping[int, str], host_addresses: frozenset[str], now: float, clock: float
    ) -> None:
        """Add what is new; `namespaces` are container ids by inode, `host_addresses` those of the host's devices.

        `now` is Unix time, `clock` is in seconds from any origin and never decreases.
        """
        self._started = self._started or now
        self._last = self._last or now
        self._clock = clock
        self._update_namespaces(namespaces, host_addresses)
        self._lost = max(self._lost, reading.lost)
        self._readings += 1
        self._count_rows(reading.rows, now)
        if len(reading.rows) < len(self._known):
            oldest = self._readings - MAX_MISSING
            self._known = {key: known for key, known in self._known.items() if known.seen > oldest}
        self._forget_idle()
        self._last = now

    def report(self, *, older_counted: bool) -> ConnectionReport:
        """Return all sums, by pair in alphabetical order."""
        if not self._sorted:
            self._accounts, self._sorted = dict(sorted(self._accounts.items(), key=itemgetter(0))), True
        number = self._readings
        pairs = {pair: found.sums_of(number) for pair, found in self._accounts.items()}
        return ConnectionReport(pairs, dict(self._forgotten), self._lost, self._started, older_counted)

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
            known.pair = known.account = None

    def _count_rows(self, rows: Iterable[Row], now: float) -> None:
        ends, number = self._known, self._readings
        for row in rows:
            identity, _, counts, living, final = row
            known = ends.get(identity)
            if known is None:
                known = ends[identity] = Known(ZERO, self._clock, now, 0)
            known.seen = number
            if counts is known.counted and living is NONE_LIVING:  # nothing new: most ends of most readings
                pass
            elif known.account is not None and counts != known.counted:
                known.counted = known.account.add(row, known.counted, number, now)
            else:
                self._count_row(row, known, now)
            if final:
                del ends[identity]

    def _count_row(self, row: Row, known: Known, now: float) -> None:
        if known.pair is None or known.pair is Result.PENDING:
            known.pair = self._attribution.pair(row.end, known.first)
        if known.pair is Result.PENDING and not row.final and self._clock < known.since + WAIT_SECONDS:
            return
        if isinstance(known.pair, Pair) and (row.counts != known.counted or row.living != NONE_LIVING):
            known.account = known.account or self._account(known.pair)
            known.counted = known.account.add(row, known.counted, self._readings, now)

    def _account(self, pair: Pair) -> Account:
        """Return the account of a pair, within the bounds."""
        pair = self._bounds.bounded(pair)
        if pair not in self._accounts:
            self._accounts[pair] = Account(PairSums(ZERO, created=self._last))
            self._sorted = False
        return self._accounts[pair]

    def _forget_idle(self) -> None:
        """Forget idle pairs, and the oldest of removed containers where there are too many."""
        if not self._recent or self._clock - self._recent[-1][0] >= self._forget / MARKS:
            self._recent.append((self._clock, self._readings))
        while self._recent[0][0] < self._clock - self._forget:
            self._idle = self._recent.popleft()[1]
        idle = {pair for pair, found in self._accounts.items() if found.read <= self._idle}
        if len(self._accounts) - len(idle) > MAX_GONE_PAIRS:
            gone = [pair for pair in self._accounts if pair.container not in self._present and pair not in idle]
            gone.sort(key=lambda pair: self._accounts[pair].read)
            idle.update(gone[:-MAX_GONE_PAIRS])
        if idle:
            self._keep_totals(idle)
            self._accounts = {pair: found for pair, found in self._accounts.items() if pair not in idle}
            self._bounds.keep(self._accounts)
            self._resolve_again()

    def _keep_totals(self, idle: Iterable[Pair]) -> None:
        for pair in idle:
            former = self._forgotten.pop(pair.container, ZERO)
            self._forgotten[pair.container] = Counts._make(map(add, former, self._accounts[pair].sums.counts))
        removed = [name for name in self._forgotten if name not in self._present]
        for name in removed[:-MAX_GONE_TOTALS]:
            del self._forgotten[name]
