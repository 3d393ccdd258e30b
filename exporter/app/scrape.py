"""The text of an observation: readers that share an observation share its text in each form."""

import threading
from concurrent.futures import Future
from typing import Protocol

from exporter.core.observation import Observation

Form = tuple[int, bool, bool]


class Write(Protocol):
    """Writes an observation in one of the two formats, compressed or not."""

    def __call__(self, observation: Observation, *, openmetrics: bool, gzip: bool) -> bytes:
        """Return the exposition."""


class SharedText:
    """Writes in the caller's thread, each form of an observation once at a time."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._lock = threading.Lock()
        self._running: dict[Form, Future[bytes]] = {}

    def text(self, observation: Observation, *, openmetrics: bool, gzip: bool) -> bytes:
        """Return the exposition. Raises what writing raises, to all that share it."""
        form = id(observation), openmetrics, gzip
        with self._lock:
            shared = self._running.get(form)
            mine = shared or self._running.setdefault(form, Future())
        if shared is not None:
            return shared.result()
        try:
            mine.set_result(self._write(observation, openmetrics=openmetrics, gzip=gzip))
        except BaseException as error:
            mine.set_exception(error)
            raise
        finally:
            with self._lock:
                del self._running[form]
        return mine.result()
