"""Pages and documents of a recent observation, each made once."""

import threading
import time
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from msgspec import Struct

from exporter.core.model.bounded_dict import BoundedDict
from exporter.core.observation import Observation

MAX_DOCUMENTS = 64
KEPT = 10  # seconds for each second of the processor that it took: making it takes at most a tenth of one

T = TypeVar("T")


class Kept(Struct, frozen=True):
    """A document of an observation, counted; once there is another one it is good until a moment of the clock."""

    document: Any
    observation: int
    until: float


class DocumentCache:
    """Keeps what was made of an observation, by key, until there is another observation and its time is over.

    Each scrape is an observation: without that time, scrapes would make clients of pages more expensive. One document
    is made at a time: several at once would take as long, and more of the interpreter from scrapes. Thread-safe.
    """

    def __init__(
        self,
        observe: Callable[[], Observation],
        clock: Callable[[], float] = time.monotonic,
        spent: Callable[[], float] = time.thread_time,
    ) -> None:
        """`observe` blocks, and may return the same observation again; `spent` is the processor's time, in seconds."""
        self._observe = observe
        self._clock = clock
        self._spent = spent
        self._lock = threading.Lock()
        self._observation: Observation | None = None
        self._number = 0  # of the observation
        self._made: BoundedDict[Hashable, Kept] = BoundedDict(MAX_DOCUMENTS)

    def get(self, key: Hashable, make: Callable[[Observation], T]) -> T:
        """Return the document of this key; `make` is always the same for a key. Raises what it raises."""
        observation = self._observe()
        with self._lock:
            if observation is not self._observation:
                self._observation = observation
                self._number += 1
            self._evict()
            if key not in self._made:
                began = self._spent()
                made = make(observation)
                self._made[key] = Kept(made, self._number, self._clock() + KEPT * (self._spent() - began))
            document: T = self._made[key].document
            return document

    def _evict(self) -> None:
        now = self._clock()
        for key, kept in [*self._made.items()]:
            if kept.observation != self._number and kept.until <= now:
                del self._made[key]
