"""The pictures of the page in docs/images, of a recorded host with a planted fault: `make pictures`."""

import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from exporter.core.history.change import CONTAINER_DIED, CONTAINER_STARTED, FINDING_BEGAN, RULES_REMOVED, Change
from exporter.core.views.host_view import build_view
from exporter.web.page.changes import History
from exporter.web.page.layout import endpoint_key
from tests.support.page_browser import CHROMIUM, Counters, PageSite, opened
from tests.support.page_hosts import about, faulty
from tests.support.recorded import HOSTS, RecordedHost

IMAGES = Path(__file__).parents[2] / "docs/images"
HOST = RecordedHost(HOSTS / "classic-28.5.2").observation()
WEB, NETWORK = "shop-web-1", "shop_front"
SENTENCE = "tcp/8080 of shop-web-1 has no DNAT rule: docker-proxy serves it, without the client's address"
FINDING = about(SENTENCE, {"container": WEB, "network": NETWORK}, "warning")
BEGAN = 1_772_334_730.0  # the moment of the examples in docs/history.md
CHANGES = (
    Change(CONTAINER_DIED, WEB, "running", "exit code 137 (SIGKILL)", BEGAN - 170, WEB, detail="out of memory"),
    Change(CONTAINER_STARTED, WEB, "exited", "running", BEGAN - 169, WEB, detail="shop_front 172.18.0.2"),
    Change(RULES_REMOVED, "netfilter", "38 rules", "31 rules", BEGAN - 10, by="iptables", detail="ip nat DOCKER: 4"),
    Change(FINDING_BEGAN, WEB, "", "warning", BEGAN, WEB, "", NETWORK, detail=SENTENCE, finding="missing_dnat"),
)
DESKTOP = {"width": 1440, "height": 1000}
TICKS_MS = 40_000  # until the charts have a line
PICTURES: dict[str, tuple[str, dict[str, Any]]] = {
    "page-desktop": ("/", {"viewport": DESKTOP}),
    "page-dark": (f"/?show=network/{NETWORK}", {"viewport": DESKTOP, "color_scheme": "dark"}),
    "page-phone": ("/", {"viewport": {"width": 390, "height": 844}}),
}


def counters(tick: int) -> Counters:
    """Bytes that grow a little differently for each endpoint."""
    keys = [endpoint_key(endpoint) for endpoint in build_view(HOST).endpoints]
    return {key: (tick * (place + 1) * 9000, tick * tick * (place + 2) * 70) for place, key in enumerate(keys)}


def main() -> int:
    """Write the pictures, or those that are named."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for name in sys.argv[1:] or PICTURES:
            path, options = PICTURES[name]
            history = History(CHANGES, BEGAN - 3600)
            site = PageSite(observation=faulty(HOST, FINDING), history=history, counters=counters)
            with opened(browser, site, path, **options) as tab:
                tab.wait_for_timeout(TICKS_MS)
                tab.screenshot(path=IMAGES / f"{name}.png")
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
