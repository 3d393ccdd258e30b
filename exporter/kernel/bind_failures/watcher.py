"""Count failed binds in the kernel: two BPF programs, whose maps are read at each scrape."""

import ctypes
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from exporter.core.ports.bind_failures import RefusedBind
from exporter.kernel.bind_failures.attachment import QUIET
from exporter.kernel.bind_failures.loading import Loaded, Sizes, load
from exporter.kernel.bind_failures.program import MapDescriptors
from exporter.kernel.bind_failures.records import Refusal, Share, Tally, parse_refusal
from exporter.kernel.bpf.maps import delete_element, read_counter, read_elements, room_for, write_number
from exporter.kernel.bpf.programs import read_misses

# Different refusals at a time, of all and of one container or user.
ENTRIES, ENTRIES_OF_ONE = 4096, 128
IDLE_SECONDS = 60.0

NOTHING = Loaded(MapDescriptors(-1, -1, -1), (), {})


class BindFailures:
    """The kernel's tallies of refused binds. Nothing of it outlives the process, however that ends.

    `ways` are the attachments that may be tried.
    `entries` is how many different refusals there can be at a time, `of_one` how many of one container or user; one
    that is repeated, however often, is one of them. When three quarters are taken, those that were not repeated for
    `idle_seconds` make room.
    """

    def __init__(
        self,
        sysfs: Path,
        ways: Sequence[str] = QUIET,
        *,
        entries: int = ENTRIES,
        of_one: int = ENTRIES_OF_ONE,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._sysfs, self._ways = sysfs, ways
        self._entries, self._of_one, self._idle_seconds = entries, of_one, idle_seconds
        self._opened = ExitStack()
        self._loaded = NOTHING
        self._counted: dict[bytes, int] = {}
        self._keys, self._tallies = room_for(Refusal, entries), room_for(Tally, entries)

    def open(self) -> None:
        """Load the programs and attach them; takes one or two tenths of a second.

        SourceError `no_bpf` without CAP_BPF and CAP_PERFMON (or CAP_SYS_ADMIN), `no_btf` or `no_tracefs` where the
        kernel's types or tracepoints cannot be read, `no_probes` where the kernel has none of the ways, `unsupported`
        where its types are not what the programs need.
        """
        with ExitStack() as stack:
            sizes = Sizes(self._entries, self._of_one)
            self._loaded = load(stack, self._sysfs, self._ways, sizes)
            self._opened = stack.pop_all()

    def close(self) -> None:
        """Let everything go: the kernel unloads it at once."""
        self._opened.close()
        self._loaded, self._counted = NOTHING, {}

    def attached(self) -> dict[str, str]:
        """Return how each program is attached, by its name."""
        return self._loaded.attached

    def drain(self) -> list[RefusedBind]:
        """Return what was refused since the last call; OSError when the kernel does not answer."""
        clock = time.time() - time.monotonic()
        count = read_elements(self._loaded.maps.refusals, self._keys, self._tallies)
        found = []
        for key, tally in zip(self._keys[:count], self._tallies[:count], strict=True):
            identity = bytes(key)
            times = tally.count - self._counted.get(identity, 0)
            refused = parse_refusal(key, tally, times, clock) if times else None
            if refused is not None:
                found.append(refused)
            self._counted[identity] = tally.count
        shares = Counter(bytes(tally.share) for tally in self._tallies[:count])
        if count > self._entries * 3 // 4 or any(taken > self._of_one * 3 // 4 for taken in shares.values()):
            self._make_room(count, shares)
        return sorted(found, key=lambda refused: refused.at)

    def lost(self) -> int:
        """Return how many refusals were not counted since it was opened, at most.

        There was no room for them, or the program was passed over, where it cannot be known how the call ended.
        """
        return read_counter(self._loaded.maps.lost) + sum(read_misses(program) for program in self._loaded.programs)

    def _make_room(self, count: int, shares: Counter[bytes]) -> None:
        """Take out what is over. A repetition in the very microseconds between its reading and this is not counted."""
        idle = (time.monotonic() - self._idle_seconds) * 1e9
        for key, tally in zip(self._keys[:count], self._tallies[:count], strict=True):
            if tally.last < idle:
                delete_element(self._loaded.maps.refusals, key)
                del self._counted[bytes(key)]
                shares[bytes(tally.share)] -= 1
        self._write_shares(shares)

    def _write_shares(self, taken: Counter[bytes]) -> None:
        """Correct all of them, also one that was counted for an element without room."""
        keys, values = room_for(Share, self._entries), room_for(ctypes.c_uint64, self._entries)
        for key in keys[: read_elements(self._loaded.maps.shares, keys, values)]:
            if number := taken[bytes(key)]:
                write_number(self._loaded.maps.shares, key, number)
            else:
                delete_element(self._loaded.maps.shares, key)
