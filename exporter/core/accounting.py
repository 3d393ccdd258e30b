"""Counters that only grow: one account per container and network, over restarts, reconnects and recreations.

A veth is one life of an account and its ifindex is never reused while the kernel counts on, so a life once attributed
stays attributed. Values are the host's view of the veth; a total's ifindex means nothing.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from operator import add

from exporter.core.model import Container
from exporter.core.sample import NOTHING, RX_PACKETS, TX_PACKETS, EndedLink, StatsRow
from exporter.core.topology import Topology

# How many names of removed containers are remembered, should one come back: compose recreates under the same name.
REMEMBERED = 4096


@dataclass(slots=True)
class Account:
    """What one container moved on one network: ended lives in `base`, present ones by their ifindex."""

    container: str
    network: str
    base: StatsRow = NOTHING
    lives: dict[int, StatsRow] = field(default_factory=dict)

    def total(self) -> StatsRow:
        """Sum over all lives."""
        row = self.base
        for life in self.lives.values():
            row = life if row is NOTHING else tuple(map(add, row, life))
        return row


class Ledger:
    """All accounts. Told of topologies, readings and ends, in any order; never asks."""

    def __init__(self) -> None:
        self._accounts: dict[tuple[str, str], Account] = {}
        self._by_ifindex: dict[int, Account] = {}
        self._gone: OrderedDict[tuple[str, str], StatsRow] = OrderedDict()

    def attribute(self, topology: Topology) -> None:
        """Open accounts for what is attached, close those of containers that were removed."""
        for attachment, veth in topology.counted:
            ifindex = veth.ifindex
            if ifindex not in self._by_ifindex:
                account = self._account(attachment.container, attachment.network.name)
                account.lives[ifindex] = NOTHING
                self._by_ifindex[ifindex] = account
        self._settle(topology.inventory.containers)

    def read(self, rows: Iterable[StatsRow]) -> None:
        """Take a reading: counters never go back (a veth whose peer is being detached reads rx = 0)."""
        accounts = self._by_ifindex
        for row in rows:
            account = accounts.get(row[0])
            if account is None:
                continue
            last = account.lives[row[0]]
            if row[RX_PACKETS] < last[RX_PACKETS] or row[TX_PACKETS] < last[TX_PACKETS]:
                row = tuple(map(max, row, last))  # noqa: PLW2901  the corrected reading is the reading
            account.lives[row[0]] = row

    def end(self, ended: Iterable[EndedLink]) -> None:
        """Fold the final counters of veths that are gone into their accounts."""
        for link in ended:
            account = self._by_ifindex.pop(link.stats[0], None)
            if account is None:
                continue
            final = tuple(map(max, account.lives.pop(link.stats[0]), link.stats))
            account.base = tuple(map(add, account.base, final))

    def totals(self, ifindexes: Iterable[int]) -> list[StatsRow | None]:
        """Return the total of the account that each veth belongs to, None where it is nobody's."""
        find = self._by_ifindex.get
        return [None if (account := find(ifindex)) is None else account.total() for ifindex in ifindexes]

    def _account(self, container: Container, network: str) -> Account:
        key = container.id, network
        account = self._accounts.get(key)
        if account is None:
            account = self._accounts[key] = Account(container.name, network)
            self._adopt(account)
        return account

    def _adopt(self, account: Account) -> None:
        """A removed container of the same name leaves its counts to the next one, so the series goes on growing."""
        base = self._gone.pop((account.container, account.network), None)
        if base is not None:
            account.base = tuple(map(add, account.base, base))

    def _settle(self, containers: Mapping[str, Container]) -> None:
        for key, account in list(self._accounts.items()):
            container = containers.get(key[0])
            if container is None and not account.lives:
                self._gone[account.container, account.network] = account.base
                del self._accounts[key]
            elif container is not None and container.name != account.container:
                account.container = container.name
                self._adopt(account)
        while len(self._gone) > REMEMBERED:
            self._gone.popitem(last=False)
