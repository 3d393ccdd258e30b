"""One scrape: observe and render. Scrapes that arrive while one runs share what it produces."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol

from exporter.core.observation import Observation


class Render(Protocol):
    """Writes an observation in one of the two formats."""

    def __call__(self, observation: Observation, *, openmetrics: bool) -> list[bytes]:
        """Return the exposition in pieces."""


class Scraper:
    """Produces the exposition in the caller's thread, at most once at a time for each format."""

    def __init__(self, observe: Callable[[], Observation], render: Render) -> None:
        self._observe = observe
        self._render = render
        self._lock = threading.Lock()
        self._running: dict[bool, Future[list[bytes]]] = {}

    def scrape(self, openmetrics: bool) -> list[bytes]:  # noqa: FBT001  one of two formats
        """Return the exposition in pieces. Raises what observing raises, to all who share it."""
        with self._lock:
            shared = self._running.get(openmetrics)
            mine = shared or self._running.setdefault(openmetrics, Future())
        if shared is not None:
            return shared.result()
        try:
            mine.set_result(self._render(self._observe(), openmetrics=openmetrics))
        except BaseException as error:
            mine.set_exception(error)
            raise
        finally:
            with self._lock:
                del self._running[openmetrics]
        return mine.result()
