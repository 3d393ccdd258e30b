"""The page in a browser, over a real host: it lives, it can be used without a mouse, and it asks nobody else."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, sync_playwright

from tests.support.live.exposed import PORT, Exporter
from tests.support.live.shop import IMAGE, Shop
from tests.support.waiting import until

CHROMIUM = Path("/usr/bin/chromium")
MILLISECONDS = 60_000

pytestmark = [
    pytest.mark.parametrize("host", ["bookworm"], indirect=True, ids=["20.10.24"]),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no chromium is installed"),
]


@contextmanager
def opened(shop: Shop, path: str = "/", **options: Any) -> Iterator[Page]:
    """The page, live; at the end nothing was complained of, and nobody but the exporter was asked."""
    complaints: list[str] = []
    asked: set[str] = set()
    with shop.host.netns(), sync_playwright() as playwright:  # the browser is started inside the host
        browser = playwright.chromium.launch(executable_path=CHROMIUM, timeout=MILLISECONDS, args=["--no-sandbox"])
        page = browser.new_page(**options)
        page.set_default_timeout(MILLISECONDS)
        # explain answers 503 where a busy machine needs more than its two seconds; the page says so and goes on
        page.on("console", lambda message: complaints.extend([message.text] if "503" not in message.text else []))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: asked.add(request.url.split("/")[2]))
        page.goto(f"http://127.0.0.1:{PORT}{path}", wait_until="domcontentloaded")
        page.locator("#live:text-is('live')").wait_for()
        try:
            yield page
            assert complaints == []
            assert asked == {f"127.0.0.1:{PORT}"}
        finally:
            browser.close()


@contextmanager
def flowing(source: Any, target: Any, network: str) -> Iterator[None]:
    """Some megabytes a second over TCP, for the length of a with block."""
    target.reload()
    address = target.attrs["NetworkSettings"]["Networks"][network]["IPAddress"]
    target.exec_run(["sh", "-c", "sleep 300 | nc -l -p 7778 >/dev/null"], detach=True)
    until(lambda: target.exec_run(["sh", "-c", "netstat -ltn | grep -q :7778"]).exit_code == 0, 30, "a listener")
    endless = f"while head -c 1000000 /dev/zero; do usleep 100000; done | nc {address} 7778"
    source.exec_run(["sh", "-c", endless], detach=True)
    try:
        yield
    finally:
        source.exec_run(["killall", "nc"])


def test_a_container_and_a_conflict_appear_without_a_reload(shop: Shop, exporter: Exporter) -> None:
    del exporter
    holder = shop.host.popen(sys.executable, "-c", "import socket; s = socket.create_server(('', 8099)); s.accept()")
    with opened(shop) as page:
        page.locator("main").evaluate("node => { window.before = 1 }")
        shop.run("newcomer", network="front")
        page.locator("[data-key='container/newcomer']").wait_for()
        until(lambda: ":8099 " in shop.host.run("ss", "-Hltn").stdout, 60, "a holder")
        victim = shop.host.client().containers.create(IMAGE, ["sleep", "9"], name="victim", ports={"80/tcp": 8099})
        with pytest.raises(Exception, match="8099"):
            victim.start()
        said = page.locator(".finding", has_text="8099").first
        said.wait_for()
        assert "victim" in said.inner_text()
        assert page.locator("main").evaluate("() => window.before") == 1
    holder.kill()


def test_a_rate_moves_while_bytes_flow(shop: Shop, exporter: Exporter) -> None:
    del exporter
    with opened(shop) as page, flowing(shop.web, shop.db, "back"):
        page.locator("text.rate[data-rate='back/web']:text-matches('MB/s')").wait_for()
        assert page.locator("path[data-endpoint='back/web'].busy").count() == 1


def test_it_is_used_by_keyboard_alone(shop: Shop, exporter: Exporter) -> None:
    del exporter
    with opened(shop) as page:
        page.keyboard.press("/")
        page.keyboard.type("front")
        page.locator("tr[data-words*='plain']").first.wait_for(state="hidden")
        assert page.locator("tr[data-words^='web'][data-words*='front']").first.is_visible()
        focused = page.locator(":focus")
        for _ in range(30):
            if focused.get_attribute("data-key") == "container/web":
                break
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.locator("#details:focus", has_text="MAC address").wait_for()
        page.keyboard.press("Escape")
        page.locator("#details").wait_for(state="detached")
        page.locator("[data-key='container/web']:focus").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(shop: Shop, exporter: Exporter, scheme: str) -> None:
    del exporter
    with opened(shop, "/?show=container/web", color_scheme=scheme) as page:
        found = Axe().run(page).response["violations"]
    grave = [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")]
    assert json.dumps(grave) == "[]"


def test_the_path_between_two_containers_is_drawn_with_its_failed_step(shop: Shop, exporter: Exporter) -> None:
    del exporter
    with opened(shop) as page:
        page.get_by_label("From container").fill("web")
        page.get_by_label("to", exact=True).fill("db:7777")
        page.get_by_role("button", name="Explain").click()
        failed = page.locator("#reach-answer .step.failed")
        failed.first.wait_for()
        assert "listener" in failed.first.inner_text()
        assert "not_listening" in failed.first.inner_text()
        assert page.locator("#reach-answer .step.ok").count() >= 3
        assert "unreachable" in page.locator("#reach-answer h3").first.inner_text()
        found = Axe().run(page).response["violations"]
        assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []
