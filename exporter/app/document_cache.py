"""Pages and documents of the latest observation, each made once."""

import threading
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from exporter.core.model.bounded_dict import BoundedDict
from exporter.core.observation import Observation

MAX_DOCUMENTS = 64

T = TypeVar("T")


class DocumentCache:
    """Keeps what was made of an observation, by key, until there is another observation. Thread-safe.

    One document is made at a time: several at once would take as long, and more of the interpreter from scrapes.
    """

    def __init__(self, observe: Callable[[], Observation]) -> None:
        """`observe` blocks, and may return the same observation again."""
        self._observe = observe
        self._lock = threading.Lock()
        self._observation: Observation | None = None
        self._made: BoundedDict[Hashable, Any] = BoundedDict(MAX_DOCUMENTS)

    def get(self, key: Hashable, make: Callable[[Observation], T]) -> T:
        """Return the document of this key; `make` is always the same for a key. Raises what it raises."""
        observation = self._observe()
        with self._lock:
            if observation is not self._observation:
                self._observation = observation
                self._made.clear()
            if key not in self._made:
                self._made[key] = make(observation)
            document: T = self._made[key]
            return document
