"""One scrape: observe and write. Scrapes of one form that arrive while one runs share what it produces."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol

from exporter.core.observation import Observation


class Write(Protocol):
    """Writes an observation in one of the two formats, compressed or not."""

    def __call__(self, observation: Observation, *, openmetrics: bool, gzip: bool) -> bytes:
        """Return the exposition."""


class Scraper:
    """Produces the exposition in the caller's thread, at most once at a time for each form."""

    def __init__(self, observe: Callable[[], Observation], write: Write) -> None:
        self._observe = observe
        self._write = write
        self._lock = threading.Lock()
        self._running: dict[tuple[bool, bool], Future[bytes]] = {}

    def scrape(self, *, openmetrics: bool, gzip: bool) -> bytes:
        """Return the exposition. Raises what observing raises, to all who share it."""
        form = openmetrics, gzip
        with self._lock:
            shared = self._running.get(form)
            mine = shared or self._running.setdefault(form, Future())
        if shared is not None:
            return shared.result()
        try:
            mine.set_result(self._write(self._observe(), openmetrics=openmetrics, gzip=gzip))
        except BaseException as error:
            mine.set_exception(error)
            raise
        finally:
            with self._lock:
                del self._running[form]
        return mine.result()
