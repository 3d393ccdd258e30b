"""A map of sums, read whole."""

import struct
from itertools import chain

from exporter.kernel.bpf.maps import read_elements, room_for
from exporter.kernel.connections.records import SIZE_OF_KEY, SIZE_OF_SUMS, Key, Sums

KEY, VALUE = struct.Struct(f"{SIZE_OF_KEY}s"), struct.Struct(f"{SIZE_OF_SUMS}s")

Values = dict[bytes, bytes]
flat = chain.from_iterable


class SumsTable:
    """Room for the elements of a map. Not thread-safe.

    The keys of two readings are mostly the same in the same order: then they are the same objects, too.
    """

    def __init__(self, entries: int) -> None:
        self._keys, self._sums = room_for(Key, entries), room_for(Sums, entries)
        self._former = b""
        self._texts: tuple[bytes, ...] = ()

    def read(self, descriptor: int, *, take: bool = False) -> Values:
        """Return the sums by key; `take` removes them from the map."""
        count = read_elements(descriptor, self._keys, self._sums, take=take)
        keys = bytes(memoryview(self._keys).cast("B")[: count * SIZE_OF_KEY])
        if keys != self._former:
            self._former, self._texts = keys, tuple(flat(KEY.iter_unpack(keys)))
        sums = memoryview(self._sums).cast("B")[: count * SIZE_OF_SUMS]
        return dict(zip(self._texts, flat(VALUE.iter_unpack(sums)), strict=True))
