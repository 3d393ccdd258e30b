"""The page of a written-down host in Chromium, served by the real server."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from msgspec.structs import replace
from playwright.sync_api import Browser
from playwright.sync_api import Page as Tab

from exporter.core.explain.explain import explain
from exporter.core.observation import Observation
from exporter.web.page import api
from exporter.web.page.changes import History
from exporter.web.page.document import Page
from exporter.web.routes import Handlers
from exporter.web.sse import Tick
from tests.support.page_hosts import shop
from tests.support.web_running import Site, serving

CHROMIUM = Path("/usr/bin/chromium")
MILLISECONDS = 60_000
TICK_MS = 2000.0
DOCUMENTS = {
    "/api/v1/topology": api.topology,
    "/api/v1/findings": api.found,
}
Counters = Mapping[str, tuple[int, int]]


@dataclass
class PageSite(Site):
    """Serves the page of an observation; each tick is two seconds after the last, and `counters` make its numbers."""

    observation: Observation = field(default_factory=shop)
    history: History = field(default_factory=History)
    counters: Callable[[int], Counters] = lambda _: {}
    ticks: int = 0

    def handlers(self) -> Handlers:
        """Those of the exporter, as far as they need the observation alone."""
        return replace(
            super().handlers(),
            page=lambda state: Page(self.observation, "1", "/metrics", self.history).render(state),
            documents={path: self._document(make) for path, make in DOCUMENTS.items()},
            connections=lambda container: api.connections(self.observation, container),
            tick=self._tick,
            explain=lambda what: api.explained(explain(self.observation, what)),
        )

    def _document(self, make: Callable[[Observation], str]) -> Callable[[], str]:
        return lambda: make(self.observation)

    def _tick(self) -> Tick:
        self.ticks += 1
        at = time.time() * 1000 + self.ticks * TICK_MS
        return Tick(json.dumps(self.counters(self.ticks)), api.version(self.observation), at)


@contextmanager
def opened(browser: Browser, site: PageSite, path: str = "/", **options: Any) -> Iterator[Tab]:
    """The page, live; at the end the browser has reported nothing."""
    complaints: list[str] = []
    with serving(site):
        tab = browser.new_page(**options)
        tab.set_default_timeout(MILLISECONDS)
        tab.on("console", lambda message: complaints.append(message.text))
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        try:
            tab.goto(f"http://127.0.0.1:{site.port}{path}", wait_until="domcontentloaded")
            tab.locator("#live:text-is('live')").wait_for()
            yield tab
            assert complaints == []
        finally:
            tab.close()
