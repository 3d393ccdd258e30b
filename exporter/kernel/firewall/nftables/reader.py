"""Read all rules of nf_tables, and then, while no rule changes, their counters alone.

In an unchanged ruleset nothing is decoded (counters.py).
"""

import re
from collections.abc import Hashable
from itertools import chain
from math import inf

from msgspec import Struct, field

from exporter.core.nat.reading import Counted, Ended
from exporter.core.nat.ruleset import DOCKER_BRIDGES, FILTER, NAT, RAW, Rule, Ruleset
from exporter.kernel.firewall.nftables import nfta
from exporter.kernel.firewall.nftables.chains import parse_chains, parse_dormant
from exporter.kernel.firewall.nftables.counters import PACKETS, Places, read_counters
from exporter.kernel.firewall.nftables.decode import decode
from exporter.kernel.firewall.nftables.dump import (
    FAMILIES,
    GETCHAIN,
    GETRULE,
    GETTABLE,
    HALF,
    ROUTED,
    Room,
    dump,
    generation,
)
from exporter.kernel.firewall.nftables.set_reader import SetReader
from exporter.kernel.netlink.messages import text, walk
from exporter.kernel.netlink.nfnetlink import number, open_socket

# The attribute that names the expression, and the head of its data; a set or a table may have the same name.
COUNTER = re.compile(rb"\x0c\0\x01\0counter\0\x1c\0\x02[\0\x80]")
VALUES_AT, PACKETS_AT, VALUES_END = 20, 32, 40  # from the start of it: bytes, a header, packets
COUNTED_TABLES = (NAT, DOCKER_BRIDGES, FILTER, RAW)
# Connections are read at each scrape; the filters' drops too while these tables are small, else between scrapes.
READ_ALWAYS = (NAT, DOCKER_BRIDGES)
SMALL = 200  # rules: 0.7 ms
NO_COUNTER = -1

Key = tuple[str, str, int]  # family, table, handle: a table that is written anew starts its handles again
Table = tuple[str, str]  # family, table


class ReadRule(Struct, frozen=True):
    """A rule as read: `counter_at` is where its packets stand in the message, NO_COUNTER if it counts none."""

    key: Key
    rule: Rule
    counter_at: int


class Generation(Struct):
    """All that was read of one generation; the counters by table, in the order of `counted`.

    `number` is that of the rules; not `whole` when chains or maps are those of another.
    """

    number: int = -1
    whole: bool = False
    ruleset: Ruleset = field(default_factory=Ruleset)
    counted: Counted = field(default_factory=Counted)
    places: dict[Table, list[int]] = field(default_factory=dict)  # for each rule where its counter stands
    counters: dict[Table, list[int]] = field(default_factory=dict)
    dumped: dict[Table, Places] = field(default_factory=dict)  # where they stood in the last dump of them alone

    def packets(self) -> list[int]:
        """The packets of `counted`, place by place."""
        return [packets for counters in self.counters.values() for packets in counters]


def parse_rule(family: int, message: bytes) -> ReadRule:
    """Parse the attributes of a rule; the counter's values are not part of a rule's identity."""
    parts = dict(walk(message))
    expressions, at = parts.get(nfta.RULE_EXPRESSIONS, b""), NO_COUNTER
    if counter := COUNTER.search(expressions):
        begin = counter.start()
        expressions = (
            expressions[: begin + VALUES_AT] + bytes(VALUES_END - VALUES_AT) + expressions[begin + VALUES_END :]
        )
        at = message.index(parts[nfta.RULE_EXPRESSIONS]) + begin + PACKETS_AT
    table, chain = text(parts[nfta.RULE_TABLE]), text(parts[nfta.RULE_CHAIN])
    rule = decode(family, table, chain, expressions, parts.get(nfta.RULE_USERDATA, b""))
    return ReadRule((rule.family, rule.table, number(parts[nfta.RULE_HANDLE])), rule, at)


def packets_of(message: bytes, read: ReadRule) -> int:
    """The packets that a rule has counted; 0 when it has no counter."""
    return int(PACKETS.unpack_from(message, read.counter_at)[0]) if read.counter_at >= 0 else 0


class NftReader:
    """Reads in the network namespace in which it was made. Needs CAP_NET_ADMIN."""

    def __init__(self, limit: float = inf) -> None:
        """`limit` is how many bytes all dumps of a reading may have together."""
        self._limit = limit
        self._socket = open_socket()
        self._sets = SetReader()
        self.last = Generation()

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def read(self, *, everything: bool = False) -> Generation:
        """Read rules and counters; the same Ruleset and Counted while no rule changed.

        The counters of large filter tables are read when `everything` is wanted. Raises OSError when the kernel
        refuses and for more than the limit, InterruptedDumpError while a writer gives no peace.
        """
        if not self.last.whole or not self._read_counters(everything=everything):
            self._read_all()
        return self.last

    @property
    def is_large(self) -> bool:
        """Whether there are filter tables whose counters are read only when everything is wanted."""
        places = self.last.places.items()
        return sum(len(counted) for (_, table), counted in places if table not in READ_ALWAYS) > SMALL

    def _read_counters(self, *, everything: bool) -> bool:
        """Read the counters alone; False when the rules have changed."""
        last = self.last
        if generation(self._socket) & HALF != last.number:
            return False
        large = self.is_large
        for table, places in last.places.items():
            if large and not everything and table[1] not in READ_ALWAYS:
                continue
            found = read_counters(self._socket, table, places, last.number, last.dumped.get(table))
            if found is None:
                return False
            last.counters[table], last.dumped[table] = found.packets, found.places
        return True

    def _read_all(self) -> None:
        room = Room(self._limit)
        dumps = [room.take(dump(self._socket, command)) for command in (GETCHAIN, GETRULE, GETTABLE)]
        chains, bases = parse_chains(dumps[0], parse_dormant(dumps[2]))
        counted: dict[Table, list[tuple[ReadRule, int]]] = {}
        for family, message in dumps[1].objects:
            if family not in FAMILIES:
                continue
            read = parse_rule(family, message)
            chains.setdefault(read.rule.place, []).append(read.rule)
            if read.rule.table in COUNTED_TABLES and read.rule.family in ROUTED:
                counted.setdefault((read.rule.family, read.rule.table), []).append((read, packets_of(message, read)))
        rules = [read for group in counted.values() for read, _ in group if read.counter_at >= 0]
        number = dumps[1].generation if dumps[1].objects else generation(self._socket) & HALF
        sets = self._sets.read(self._socket, chain.from_iterable(chains.values()), room)
        dumps += sets.dumps
        found = {place: tuple(rules) for place, rules in chains.items()}
        self.last = Generation(
            number=number,
            whole=all(found.generation == number for found in dumps if found.objects),
            ruleset=Ruleset(found, bases, sets.maps, sets.elements),
            counted=Counted(tuple(read.key for read in rules), tuple(read.rule for read in rules)),
            places={table: [read.counter_at for read, _ in group] for table, group in counted.items()},
            counters={table: [n for read, n in group if read.counter_at >= 0] for table, group in counted.items()},
        )


def parse_ended(family: int, message: bytes) -> Ended:
    """Parse the notification of a rule's end: the whole rule, with its final counter."""
    read = parse_rule(family, message)
    key: Hashable = read.key
    return Ended(key, read.rule, packets_of(message, read))
