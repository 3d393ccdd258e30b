"""How many keys each owner has in a map of sums: the programs count them up, this corrects what was taken out."""

import ctypes
from collections import Counter
from collections.abc import Iterable

from exporter.kernel.bpf.maps import delete_element, read_elements, room_for, write_number
from exporter.kernel.connections.records import SIZE_OF_OWNER, Owner

EACH = 16  # readings


class Shares:
    """The shares of a map with so many entries. Not thread-safe."""

    def __init__(self, entries: int) -> None:
        self._readings = 0
        self._owners, self._numbers = room_for(Owner, entries), room_for(ctypes.c_uint64, entries)

    def correct(self, descriptor: int, keys: Iterable[bytes], *, taken: bool = True) -> None:
        """Lower the shares to the keys that there are. One that is made in the very microseconds is not counted.

        Where no key was taken out a share is too high only when two CPUs made one key at once: then that can wait.
        """
        self._readings += 1
        if not taken and self._readings % EACH:
            return
        present_of = Counter(key[:SIZE_OF_OWNER] for key in keys)
        count = read_elements(descriptor, self._owners, self._numbers)
        for owner, number in zip(self._owners[:count], self._numbers[:count], strict=True):
            if not (present := present_of[bytes(owner)]):
                delete_element(descriptor, owner)
            elif present < number:
                write_number(descriptor, owner, present)

    def clear(self, descriptor: int) -> None:
        """Begin anew."""
        read_elements(descriptor, self._owners, self._numbers, take=True)
