"""The page at 10, 100 and 1,000 containers: the server's time, and the first paint in Chromium."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from bench.figures import MS, Row, Times, judged, measured
from bench.history import changes
from bench.scale import Scale
from exporter.core.observation import Observation
from exporter.web.page.changes import History
from exporter.web.page.document import Page
from exporter.web.page.state import PageState
from tests.support.page_browser import CHROMIUM, PageSite, opened
from tests.support.page_hosts import about, faulty, large

GOAL_MS, PAINT_GOAL_MS = 300, 2000
ENTRIES, REPETITIONS = 10_000, 5
PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
PATH = "/?show=container/c001"


def rows(scale: Scale) -> Iterator[Row]:
    """The table's rows."""
    history = History(changes(ENTRIES))
    for count in scale.sizes:
        times = measured(REPETITIONS, partial(_render, _host(count), history))
        goal = judged(f"<= {GOAL_MS} ms", met=times.middle * MS <= GOAL_MS)
        yield Row("page: server time", f"{count} containers", times.text(), f"history of {ENTRIES}", goal)
    if not Path(CHROMIUM).exists():
        yield Row("page: first paint", against=f"not measured: no {CHROMIUM}")
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for count in scale.sizes:
            site = PageSite(observation=_host(count), history=history)
            paints = Times(_first_paint(browser, site) / MS for _ in range(REPETITIONS))
            goal = judged(f"<= {PAINT_GOAL_MS} ms", met=paints.middle * MS <= PAINT_GOAL_MS)
            yield Row("page: first paint", f"{count} containers", paints.text(), "of a page that is not made yet", goal)
        browser.close()


def _host(count: int) -> Observation:
    return faulty(large(count), about("c001 is detached", {"container": "c001", "network": "net1"}))


def _render(found: Observation, history: History) -> str:
    return Page(found, "1", "/metrics", history).render(PageState("container/c001"))


def _first_paint(browser: Browser, site: PageSite) -> float:
    """In milliseconds after the navigation."""
    with opened(browser, site, PATH) as tab:
        return float(tab.evaluate(PAINT))
