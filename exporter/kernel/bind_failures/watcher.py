"""Count failed binds in the kernel: two BPF programs, whose maps are read at each scrape."""

import ctypes
import errno
import os
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from exporter.core.ports.bind_failures import RefusedBind
from exporter.errors import SourceError
from exporter.kernel.bind_failures.program import MapDescriptors, bind_program, listen_program
from exporter.kernel.bind_failures.records import (
    SIZE_OF_REFUSAL,
    SIZE_OF_SHARE,
    SIZE_OF_TALLY,
    Refusal,
    Share,
    Tally,
    parse_refusal,
)
from exporter.kernel.bind_failures.share import Quota
from exporter.kernel.bpf.btf import read_btf
from exporter.kernel.bpf.maps import ARRAY, HASH, create_map, delete_element, read_counter, read_elements, write_number
from exporter.kernel.bpf.programs import attach, load_program, read_misses
from exporter.kernel.bpf.tracefs import read_tracepoints

VERSION_2 = "fs/cgroup/cgroup.controllers"  # where version 2 alone is mounted
TRACEPOINTS = ("syscalls/sys_exit_bind", "syscalls/sys_exit_listen")

# Different refusals at a time, of all and of one container or user.
ENTRIES, ENTRIES_OF_ONE = 4096, 128
IDLE_SECONDS = 60.0

CLOSED = MapDescriptors(-1, -1, -1)


class BindFailures:
    """The kernel's tallies of refused binds. Nothing of it outlives the process, however that ends.

    `entries` is how many different refusals there can be at a time, `of_one` how many of one container or user; one
    that is repeated, however often, is one of them. When three quarters are taken, those that were not repeated for
    `idle_seconds` make room.
    """

    def __init__(
        self, sysfs: Path, entries: int = ENTRIES, of_one: int = ENTRIES_OF_ONE, idle_seconds: float = IDLE_SECONDS
    ) -> None:
        self._sysfs = sysfs
        self._entries, self._of_one, self._idle_seconds = entries, of_one, idle_seconds
        self._opened = ExitStack()
        self._maps = CLOSED
        self._programs: list[int] = []
        self._told: dict[bytes, int] = {}
        self._keys, self._tallies = (Refusal * entries)(), (Tally * entries)()

    def open(self) -> None:
        """Load the programs and attach them; takes one or two tenths of a second.

        SourceError `no_bpf` without CAP_BPF and CAP_PERFMON (or CAP_SYS_ADMIN), `no_btf` or `no_tracefs` where the
        kernel's types or tracepoints cannot be read, `unsupported` where they are not what the programs need.
        """
        with ExitStack() as stack:
            try:
                self._load(stack)
            except OSError as error:
                reason = "no_bpf" if error.errno == errno.EPERM else "unsupported"
                raise SourceError(reason, str(error)) from error
            self._opened = stack.pop_all()

    def close(self) -> None:
        """Let everything go: the kernel unloads it at once."""
        self._opened.close()
        self._maps, self._programs, self._told = CLOSED, [], {}

    def drain(self) -> list[RefusedBind]:
        """Return what was refused since the last call; OSError when the kernel does not answer."""
        clock = time.time() - time.monotonic()
        count = read_elements(self._maps.refusals, self._keys, self._tallies)
        found = []
        for key, tally in zip(self._keys[:count], self._tallies[:count], strict=True):
            identity = bytes(key)
            times = tally.count - self._told.get(identity, 0)
            refused = parse_refusal(key, tally, times, clock) if times else None
            if refused is not None:
                found.append(refused)
            self._told[identity] = tally.count
        shares = Counter(bytes(tally.share) for tally in self._tallies[:count])
        if count > self._entries * 3 // 4 or any(taken > self._of_one * 3 // 4 for taken in shares.values()):
            self._make_room(count, shares)
        return sorted(found, key=lambda refused: refused.at)

    def lost(self) -> int:
        """Return how many refusals were not counted since it was opened, at most.

        There was no room for them, or the program was passed over, where it cannot be known how the call ended.
        """
        return read_counter(self._maps.lost) + sum(read_misses(program) for program in self._programs)

    def _load(self, stack: ExitStack) -> None:
        def keep(descriptor: int) -> int:
            stack.callback(os.close, descriptor)
            return descriptor

        maps = MapDescriptors(
            refusals=keep(create_map(HASH, SIZE_OF_REFUSAL, SIZE_OF_TALLY, self._entries, "refused_binds")),
            shares=keep(create_map(HASH, SIZE_OF_SHARE, 8, self._entries, "refused_shares")),
            lost=keep(create_map(ARRAY, 4, 8, 1, "refusals_lost")),
        )
        btf = read_btf(self._sysfs)
        quota = Quota(self._of_one, by_name=not (self._sysfs / VERSION_2).exists())
        programs = [
            keep(load_program(bind_program(btf, maps, quota), "bind_refused")),
            keep(load_program(listen_program(btf, maps, quota), "listen_refused")),
        ]
        tracepoints = read_tracepoints(self._sysfs, TRACEPOINTS)
        for program, tracepoint in zip(programs, tracepoints, strict=True):
            keep(attach(program, tracepoint))
        self._maps, self._programs = maps, programs

    def _make_room(self, count: int, shares: Counter[bytes]) -> None:
        """Take out what is over. A repetition in the very microseconds between its reading and this is not counted."""
        idle = (time.monotonic() - self._idle_seconds) * 1e9
        for key, tally in zip(self._keys[:count], self._tallies[:count], strict=True):
            if tally.last < idle:
                delete_element(self._maps.refusals, key)
                del self._told[bytes(key)]
                shares[bytes(tally.share)] -= 1
        self._write_shares(shares)

    def _write_shares(self, taken: Counter[bytes]) -> None:
        """Correct all of them, also one that was counted for an element without room."""
        keys, values = (Share * self._entries)(), (ctypes.c_uint64 * self._entries)()
        for key in keys[: read_elements(self._maps.shares, keys, values)]:
            if number := taken[bytes(key)]:
                write_number(self._maps.shares, key, number)
            else:
                delete_element(self._maps.shares, key)
