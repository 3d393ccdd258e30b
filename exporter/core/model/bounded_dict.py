"""A dictionary that holds at most so many keys: a further one evicts the key that was written longest ago."""

from collections import OrderedDict
from collections.abc import Hashable, Iterator, MutableMapping
from typing import TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class BoundedDict(MutableMapping[K, V]):
    """Iterates from the least to the most recently written key; reading a key does not move it. Not thread-safe."""

    def __init__(self, maxlen: int) -> None:
        if maxlen < 1:
            raise ValueError(f"invalid maxlen {maxlen}: expected at least 1")
        self._maxlen = maxlen
        self._items: OrderedDict[K, V] = OrderedDict()

    @property
    def maxlen(self) -> int:
        """The maximum number of keys."""
        return self._maxlen

    def resize(self, maxlen: int) -> None:
        """Change the maximum; keys beyond it are evicted, the least recently written first."""
        self._maxlen = maxlen
        self._evict()

    def __getitem__(self, key: K) -> V:
        return self._items[key]

    def __setitem__(self, key: K, value: V) -> None:
        self._items[key] = value
        self._items.move_to_end(key)
        self._evict()

    def __delitem__(self, key: K) -> None:
        del self._items[key]

    def __contains__(self, key: object) -> bool:
        return key in self._items

    def __iter__(self) -> Iterator[K]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __repr__(self) -> str:
        return f"BoundedDict({dict(self._items)!r}, maxlen={self._maxlen})"

    def _evict(self) -> None:
        while len(self._items) > self._maxlen:
            self._items.popitem(last=False)
