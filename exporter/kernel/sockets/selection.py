"""Which listening sockets are kept where one user has very many: those that a container's port can collide with first.

A user without privileges can make as many as the user's limits of descriptors and memory allow: hundreds of thousands.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from msgspec import Struct

from exporter.kernel.netlink.inet_diag import address_at, port_at, uid_at
from exporter.kernel.netlink.protocols import PROTOCOLS

# Of one user. docker-proxies are root's: one for each published port and family.
MAX_OF_USER, MAX_OF_ROOT = 1024, 16_384
EVERY_ADDRESS = bytes(16)  # of either family


class Row(NamedTuple):
    """A socket in the answers of sock_diag: protocol, datagram, start and end of the message's body."""

    protocol: int
    data: bytes
    start: int
    end: int


class Selection(Struct, frozen=True):
    """The rows that are kept; how many are not, and whether any of these is on a port that a container declares."""

    kept: Collection[Row]
    omitted: int = 0
    hides_declared: bool = False


def select(rows: Collection[Row], declared: Collection[tuple[str, int]]) -> Selection:
    """Keep at most MAX_OF_USER rows of each user, on declared ports first, then of all addresses."""
    if len(rows) <= MAX_OF_USER:
        return Selection(rows)
    counts = Counter(uid_at(row.data, row.start) for row in rows)
    flooding = {uid for uid, count in counts.items() if count > _limit(uid)}
    if not flooding:
        return Selection(rows)
    kept = [row for row in rows if uid_at(row.data, row.start) not in flooding]
    hides_declared = False
    for uid in flooding:
        ordered = _in_order((row for row in rows if uid_at(row.data, row.start) == uid), declared)
        chosen = list(islice(ordered, _limit(uid)))
        rest = next(ordered, None)
        kept += chosen
        hides_declared |= rest is not None and _port(rest) in declared
    return Selection(kept, len(rows) - len(kept), hides_declared)


def _limit(uid: int) -> int:
    return MAX_OF_USER if uid else MAX_OF_ROOT


def _in_order(rows: Iterable[Row], declared: Collection[tuple[str, int]]) -> Iterator[Row]:
    """Those on declared ports, those of all addresses, then the others; each in the kernel's order."""
    first, wildcards, others = [], [], []
    for row in rows:
        if _port(row) in declared:
            first.append(row)
        elif address_at(row.data, row.start) == EVERY_ADDRESS:
            wildcards.append(row)
        else:
            others.append(row)
    yield from first
    yield from wildcards
    yield from others


def _port(row: Row) -> tuple[str, int]:
    return PROTOCOLS[row.protocol], port_at(row.data, row.start)
