"""What a container's own network namespace counts of TCP and UDP, and its sums over the container's lives.

A namespace begins with 0 and goes with the container's last process. It is read from time to time: what it counted
after the last reading of a life is in no sum.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import add, attrgetter, lt
from typing import NamedTuple

from exporter.core.model.docker import Container, Inventory
from exporter.core.model.inventory import sandboxed
from exporter.core.model.kernel_sample import StatsRow

# How many names that are gone are remembered, should one come back: compose recreates under the same name.
REMEMBERED = 4096


class NamespaceStats(NamedTuple):
    """One reading, by way of the process `pid`: a gauge, then counters (struct tcp_mib, linux_mib, udp_mib)."""

    pid: int
    tcp_established: int
    retransmitted_segments: int
    segments_sent: int
    listen_overflows: int
    listen_drops: int
    resets_sent: int
    timeouts: int
    udp_receive_buffer_errors: int

    @property
    def counters(self) -> StatsRow:
        """Return all but the process and the gauge."""
        return self[2:]


PID, TCP_ESTABLISHED, RETRANSMITTED_SEGMENTS, SEGMENTS_SENT, LISTEN_OVERFLOWS, LISTEN_DROPS = range(6)
RESETS_SENT, TIMEOUTS, UDP_RECEIVE_BUFFER_ERRORS = range(6, 9)
NO_COUNTS: StatsRow = (0,) * 7


@dataclass(frozen=True, slots=True)
class NamespaceCounts:
    """All containers with a network namespace of their own, by name, each with the Unix time at which its sum began.

    `rows` are in the same order, in the places of NamespaceStats; None where the present life was not read yet.
    `age` is that of the oldest reading in seconds, None while there is none.
    """

    containers: tuple[tuple[str, float], ...] = ()
    rows: Sequence[StatsRow | None] = ()
    age: float | None = None


@dataclass(slots=True)
class Account:
    """A container's present life, as last read, and what its earlier ones have left."""

    name: str
    began: float
    pid: int = 0
    endpoints: frozenset[str] = frozenset()
    base: StatsRow = NO_COUNTS
    last: NamespaceStats | None = None

    def begin_life(self) -> None:
        """Leave what was counted to the sum."""
        self.base, self.last = self.total(), None

    def total(self) -> StatsRow:
        """Return the counters of all lives."""
        return self.base if self.last is None else tuple(map(add, self.base, self.last.counters))

    def row(self) -> StatsRow | None:
        """Return what is shown; a sum without a present life is not."""
        if self.last is None or self.base is NO_COUNTS:
            return self.last
        return (self.pid, self.last.tcp_established, *self.total())


class NamespaceLedger:
    """The sums of all containers: keyed by their ids, shown by their names, handed on to the next of the same name."""

    def __init__(self) -> None:
        self._accounts: dict[str, Account] = {}
        self._left_behind: OrderedDict[str, tuple[float, StatsRow]] = OrderedDict()
        self._shown: tuple[Account, ...] = ()
        self._names: tuple[tuple[str, float], ...] = ()

    def follow(self, inventory: Inventory) -> None:
        """Take the lives that there are now."""
        for container_id in self._accounts.keys() - inventory.containers.keys():
            self._close(self._accounts.pop(container_id))
        for container in inventory.containers.values():
            if container.id in self._accounts:
                self._accounts[container.id].name = container.name
        shown = [self._opened(container) for container in sandboxed(inventory)]
        self._shown = tuple(sorted(shown, key=attrgetter("name")))
        self._names = tuple((account.name, account.began) for account in self._shown)

    def read(self, stats: Mapping[str, NamespaceStats]) -> None:
        """Take readings; one by a process that is not the container's present one is late."""
        for container_id, found in stats.items():
            account = self._accounts.get(container_id)
            if account is None or account.pid != found.pid or account.last is found:
                continue
            if account.last is not None and any(map(lt, found.counters, account.last.counters)):
                account.begin_life()  # a namespace never counts back: this is another one
            account.last = found

    def counts(self, age: float | None) -> NamespaceCounts:
        """Return all sums; `age` is that of the oldest reading."""
        return NamespaceCounts(self._names, [account.row() for account in self._shown], age)

    def _opened(self, container: Container) -> Account:
        account = self._accounts.get(container.id)
        if account is None:
            began, base = self._left_behind.pop(container.name, (container.created, NO_COUNTS))
            account = self._accounts[container.id] = Account(container.name, began, base=base)
        endpoints = frozenset(endpoint.endpoint_id for endpoint in container.endpoints)
        # An endpoint's id is new at each start. The engine may name another process of the same life than a cgroup.
        if container.pid not in (0, account.pid) and not endpoints & account.endpoints:
            account.begin_life()
        account.pid, account.endpoints = container.pid or account.pid, endpoints
        return account

    def _close(self, account: Account) -> None:
        began, base = self._left_behind.pop(account.name, (account.began, NO_COUNTS))
        self._left_behind[account.name] = began, tuple(map(add, base, account.total()))
        while len(self._left_behind) > REMEMBERED:
            self._left_behind.popitem(last=False)
