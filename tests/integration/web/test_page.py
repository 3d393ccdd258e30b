"""The page in Chromium at several sizes: on a phone, by keyboard, in both colour schemes."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, sync_playwright
from playwright.sync_api import Page as Tab

from exporter.core.history.change import CONTAINER_DIED, FINDING_BEGAN, Change
from exporter.core.observation import Observation
from exporter.web.page.changes import History
from tests.support.page_browser import CHROMIUM, MILLISECONDS, PageSite, opened
from tests.support.page_hosts import about, faulty, large, shop

PHONE = {"width": 390, "height": 844}
SIZES = (10, 100, 1000)
SENTENCE = "the veth of web on front is not attached to its bridge"
HISTORY = History(
    (
        Change(CONTAINER_DIED, "db", "running", "exit code 137 (SIGKILL)", 1.8e9, container="db", network="back"),
        Change(FINDING_BEGAN, "web", "", "critical", 1.8e9 + 60, container="web", finding="detached_veth"),
    ),
    1.8e9,
)

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="no chromium is installed")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, timeout=MILLISECONDS, args=["--no-sandbox"])
        yield started
        started.close()


def broken(count: int | None = 0) -> Observation:
    """The shop with a fault on an edge, one on a box and one of the host."""
    return faulty(
        shop(count),
        about(SENTENCE, {"container": "web", "network": "front"}),
        about("back has no free address", {"network": "back"}, "warning"),
        about("the connection table is full", {}),
    )


def crowd(containers: int) -> Observation:
    return faulty(large(containers), about("the veth of c001 is detached", {"container": "c001", "network": "net1"}))


def violations(tab: Tab) -> list[tuple[str, str]]:
    return [
        (one["id"], one["nodes"][0]["html"])
        for one in Axe().run(tab, options={"resultTypes": ["violations"]}).response["violations"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("containers", SIZES)
def test_axe_finds_nothing_at_any_size(browser: Browser, containers: int, scheme: str) -> None:
    site = PageSite(observation=crowd(containers), history=HISTORY)
    with opened(browser, site, "/?show=container/c001", color_scheme=scheme) as tab:
        tab.locator("#explain .step").first.wait_for()
        assert violations(tab) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_marks_changes_and_charts(browser: Browser, scheme: str) -> None:
    site = PageSite(observation=broken(), history=HISTORY, counters=lambda tick: {"front/web": (tick * 4000, tick * 9)})
    with opened(browser, site, "/?show=container/web", color_scheme=scheme) as tab:
        tab.locator("polyline.received").wait_for(state="attached")
        assert violations(tab) == []


@pytest.mark.parametrize("containers", SIZES)
def test_a_phone_scrolls_the_page_down_and_not_sideways(browser: Browser, containers: int) -> None:
    site = PageSite(observation=crowd(containers), history=HISTORY)
    with opened(browser, site, "/?show=container/c001&open=net1", viewport=PHONE) as tab:
        assert tab.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_pointer_and_focus_show_the_sentences_of_a_fault_where_it_is(browser: Browser) -> None:
    with opened(browser, PageSite(observation=broken())) as tab:
        assert tab.locator(".fault").count() == 1
        assert tab.locator(".box.critical, .box.warning").evaluate_all("all => all.map(one => one.dataset.key)") == [
            *("network/back", "host/"),
        ]
        tab.locator("[data-key='endpoint/front/web']").hover()
        assert tab.locator("#tip").inner_text() == f"critical: {SENTENCE}"
        tab.locator("h1").hover()
        tab.locator("#tip").wait_for(state="detached")
        for _ in range(30):
            tab.keyboard.press("Tab")
            if tab.locator("#tip").count():
                break
        focused = tab.locator(":focus")
        assert focused.get_attribute("data-key") == "network/back"
        assert tab.locator("#tip").inner_text() == "warning: back has no free address"
        assert "back has no free address" in (focused.get_attribute("aria-label") or "")
        tab.keyboard.press("Escape")
        assert tab.locator("#tip").count() == 0


def test_the_list_of_changes_is_that_of_the_selection(browser: Browser) -> None:
    with opened(browser, PageSite(observation=broken(), history=HISTORY)) as tab:
        changes = tab.locator("#changes li")
        assert [text.split(" UTC")[0][20:] for text in changes.all_inner_texts()] == [
            "▲ finding began web: detached_veth",
            "container died db: running → exit code 137 (SIGKILL)",
        ]
        tab.locator("[data-key='container/db']").click()
        tab.locator("#details").wait_for()
        assert changes.count() == 1
        assert "container died" in changes.inner_text()


def test_charts_are_drawn_from_the_ticks_of_this_page(browser: Browser) -> None:
    site = PageSite(observation=shop(), counters=lambda tick: {"front/web": (tick * 4000, tick * 20)})
    with opened(browser, site, "/?show=container/web") as tab:
        lines = tab.locator("[data-chart='front/web'] polyline")
        lines.first.wait_for(state="attached")
        assert lines.count() == 2
        label = tab.locator("[data-chart='front/web']").get_attribute("aria-label") or ""
        assert label.startswith("Bytes of front/web: received solid, sent dashed, at most ")
        assert tab.locator("[data-chart='back/web'] polyline").count() == 0
