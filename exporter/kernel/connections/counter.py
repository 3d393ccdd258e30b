"""The programs and what they have counted."""

import os
import struct
import time
from collections import Counter
from contextlib import ExitStack
from ipaddress import IPv4Network, IPv6Address, ip_network
from pathlib import Path

from exporter.core.connections.reading import NONE_LIVING, Counts, End, Interest, Living, Reading, Row
from exporter.errors import SourceError
from exporter.kernel.bpf.container_name import NAME_BYTES
from exporter.kernel.bpf.maps import (
    read_counter,
    read_element,
    remove_element,
    write_element,
)
from exporter.kernel.bpf.programs import read_misses
from exporter.kernel.bpf.tracing import link_iterator, run_iterator, run_program
from exporter.kernel.connections.programs import LIMITS, Limits, Programs, load_either, read_host
from exporter.kernel.connections.records import CONNECTED, SIZE_OF_OWNER, SIZE_OF_SUMS, Key
from exporter.kernel.connections.shares import Shares
from exporter.kernel.connections.sums_table import SumsTable, Values
from exporter.kernel.namespaces.setns import run_in_netns
from exporter.kernel.sockets.cgroups import parse_container_ids

# The fields of Sums in the order of Counts, which come first; of the living: established, sent, received,
# retransmitted, the two sums of round trips, connecting.
ENDED = struct.Struct(f"={len(Counts._fields)}Q{SIZE_OF_SUMS - 8 * len(Counts._fields)}x")
LIVING = struct.Struct("=Q80x6Q")
NOTHING = bytes(SIZE_OF_SUMS)
PREFIX = struct.Struct("=I16s")
PORT = struct.Struct("=H")
MAPPED = b"\0" * 10 + b"\xff\xff"  # an IPv4 address in IPv6
ONE = struct.pack("=Q", 1)

make = tuple.__new__  # a third of the time that the class of a named tuple takes


class ConnectionCounter:
    """Not thread-safe, but for `adopt` and `complete`. Sums that did not change for long make room."""

    def __init__(self, sysfs: Path, limits: Limits = LIMITS) -> None:
        self._sysfs, self._limits = sysfs, limits
        self._opened = ExitStack()
        self._programs: Programs | None = None
        self._ends: dict[bytes, End] = {}
        self._former: tuple[Values, Values] = ({}, {})  # what ended and what lived in the last reading
        self._rows: dict[bytes, Row] = {}
        self._changed: dict[bytes, float] = {}  # when the sums of a key last changed
        self._near: dict[bytes, int] = {}
        self._published: frozenset[int] = frozenset()
        self._ended, self._living = SumsTable(limits.keys), SumsTable(limits.keys)
        self._rest = SumsTable(limits.rest)
        self._shares = Shares(limits.keys)

    @property
    def programs(self) -> Programs:
        """Raises SourceError while it is not open."""
        if self._programs is None:
            raise SourceError("no_bpf", "the programs are not loaded")
        return self._programs

    def open(self) -> None:
        """Load the programs, which count from `attach` on; takes three tenths of a second.

        PermissionError without CAP_BPF and CAP_PERFMON (or CAP_SYS_ADMIN); SourceError `no_btf` or `unsupported`.
        """
        with ExitStack() as stack:
            self._programs = load_either(stack, self._sysfs, self._limits)
            self._opened = stack.pop_all()

    def attach(self) -> None:
        """Begin to count."""
        self.programs.attach(self._opened)

    def close(self) -> None:
        """Let everything go: the kernel unloads it at once."""
        self._opened.close()
        self._programs = None

    def update(self, interest: Interest) -> None:
        """Write what has to be kept, as far as it differs from the last."""
        maps = self.programs.maps
        near = {parse_prefix(text): int(reason) for text, reason in interest.near.items()}
        for prefix, reason in near.items():
            if self._near.get(prefix) != reason:
                write_element(maps.near, prefix, bytes([reason]))
        for prefix in self._near.keys() - near.keys():
            remove_element(maps.near, prefix)
        for port in interest.published - self._published:
            write_element(maps.published, PORT.pack(port), b"\1")
        for port in self._published - interest.published:
            remove_element(maps.published, PORT.pack(port))
        self._near, self._published = near, interest.published

    def name_cgroup(self, cgroup_id: int, container_id: str) -> None:
        """Set the owner of a cgroup of the host's namespace: processes that listened before `attach` were not seen."""
        key = struct.pack("=QQ", read_host().netns_cookie, cgroup_id)
        write_element(self.programs.maps.owners, key, container_id.encode().ljust(NAME_BYTES, b"\0"))

    def adopt(self, netns: str, *, follow: bool = False) -> None:
        """Count the connections of a namespace from now on that are older than `attach`. Needs CAP_SYS_ADMIN."""
        link = link_iterator(self.programs.adopt)
        try:
            run_in_netns(netns, lambda: run_iterator(link), follow=follow)
        finally:
            os.close(link)

    def complete(self) -> None:
        """Take it that all older connections were adopted: one that ends and was not seen was missed."""
        write_element(self.programs.maps.complete, b"\0" * 4, ONE)

    def read(self) -> Reading:
        """Read what ended, then what lives: what ends in between is missing once, and never there twice."""
        maps, now = self.programs.maps, time.monotonic()
        final = self._make_room(now)
        ended = self._ended.read(maps.sums)
        self._shares.correct(maps.shares, ended, taken=bool(final))
        ended = {**self._rest.read(maps.rest), **ended}
        self._shares.clear(maps.living_shares)
        run_program(self.programs.walk)
        living = self._living.read(maps.living, take=True)
        rows = [Row(key, self._end(key), counts, final=True) for key, counts in final.items()]
        self._update_rows(ended, living, now)
        rows += self._rows.values()
        if len(rows) < len(self._ends):
            self._ends = {row.identity: row.end for row in rows}
        return Reading(rows, read_counter(maps.lost) + read_misses(self.programs.state))

    def _update_rows(self, ended: Values, living: Values, now: float) -> None:
        """Make the rows of what changed; the others stay the same objects."""
        (former, former_living), self._former = self._former, (ended, living)
        ended.update(dict.fromkeys(living.keys() - ended.keys(), NOTHING))
        rows, changed, ends = self._rows, self._changed, self._ends
        for key, value in ended.items():
            lives = living.get(key)
            if former.get(key) != value:
                changed[key] = now
            elif former_living.get(key) == lives:
                continue
            rows[key] = parse_row(key, ends.get(key) or self._end(key), value, lives)
        if len(rows) > len(ended):
            self._rows = {key: row for key, row in rows.items() if key in ended}
        if len(changed) > len(ended):
            self._changed = {key: at for key, at in changed.items() if key in ended}

    def _end(self, key: bytes) -> End:
        known = self._ends.get(key)
        if known is None:
            known = self._ends[key] = parse_end(Key.from_buffer_copy(key), self._cgroup_name(key))
        return known

    def _cgroup_name(self, key: bytes) -> str:
        name = read_element(self.programs.maps.owners, key[:SIZE_OF_OWNER], NAME_BYTES)
        return name.partition(b"\0")[0].decode(errors="replace") if name else ""

    def _make_room(self, now: float) -> dict[bytes, Counts]:
        """Take the sums out that did not change for long and have nothing that lives; return them."""
        limits, living = self._limits, self._former[1]
        least = min(limits.idle_seconds, limits.idle_seconds_when_full)
        idle = [key for key, at in self._changed.items() if at < now - least and key not in living]
        of_owner = Counter(key[:SIZE_OF_OWNER] for key in self._changed) if idle else Counter()
        full = len(self._changed) > limits.keys * 3 // 4

        def since(key: bytes) -> float:
            short = full or of_owner[key[:SIZE_OF_OWNER]] > limits.of_one * 3 // 4
            return now - (limits.idle_seconds_when_full if short else limits.idle_seconds)

        idle = [key for key in idle if self._changed[key] < since(key)]
        taken = {}
        for key in idle:
            for descriptor in (self.programs.maps.sums, self.programs.maps.rest):
                value = read_element(descriptor, key, SIZE_OF_SUMS, take=True)
                if value is not None:
                    taken[key] = Counts._make(ENDED.unpack(value))
            self._former[0].pop(key, None)
        return taken


def parse_row(key: bytes, end: End, ended: bytes, living: bytes | None) -> Row:
    """Add up what ended and what lives, which has moved bytes and segments as well."""
    if living is None:
        return make(Row, (key, end, make(Counts, ENDED.unpack(ended)), NONE_LIVING, False))
    # Those of Counts by one letter each: slices and starred names take twice as long.
    e, n, f, o, u, a, p, r, b, x, setup, sent, received, again = ENDED.unpack(ended)
    lives, more_sent, more_received, more_again, round_trip, round_trips, connecting = LIVING.unpack(living)
    moved = e, n, f, o, u, a, p, r, b, x, setup, sent + more_sent, received + more_received, again + more_again
    return make(Row, (key, end, make(Counts, moved), make(Living, (lives, connecting, round_trip, round_trips)), False))


def parse_end(key: Key, cgroup_name: str) -> End:
    """Turn a key into a value."""
    containers = parse_container_ids(cgroup_name)
    remote = bytes(key.remote)
    return End(
        netns_cookie=key.netns_cookie,
        netns=key.netns,
        container_id="".join(containers[-1:]),
        local=parse_address(bytes(key.local)),
        remote=parse_address(remote) if any(remote) else "",
        port=key.port,
        connected=key.role == CONNECTED,
        proxy=bool(key.proxy),
    )


def parse_address(data: bytes) -> str:
    """Write an address, an IPv4 one as such."""
    address = IPv6Address(data)
    return str(address.ipv4_mapped or address)


def parse_prefix(text: str) -> bytes:
    """Make a key of the trie of a network in CIDR notation; ValueError for anything else."""
    network = ip_network(text, strict=False)
    if isinstance(network, IPv4Network):
        return PREFIX.pack(96 + network.prefixlen, MAPPED + network.network_address.packed)
    return PREFIX.pack(network.prefixlen, network.network_address.packed)
