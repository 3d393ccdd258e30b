"""Draw the dashboards: `python -m grafana.preview`, or `make dashboards-preview`.

npm packages go to .preview, which git ignores; Chromium is Debian's and is installed when it is missing.
"""

import functools
import http.server
import json
import re
import shutil
import subprocess
import sys
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from grafana.build import BOARDS, FOLDER
from grafana.preview.prometheus import made_up, serving

REPOSITORY = Path(__file__).parents[2]
WEB = Path(__file__).parent / "web"
SCRATCH = REPOSITORY / ".preview"
PICTURES = REPOSITORY / "docs/images/dashboards"
# The night on which it happened: pictures change with the dashboards alone.
END = 1772600880
HOURS = 3.4
WIDTH, HEAD, ROW = 1600, 56, 38
# What is chosen above a dashboard that is made for one thing; all elsewhere.
CHOSEN = {
    "host": {"instance": "edge-1:9714"},
    "container": {"compose_project": "shop", "container": "shop-web-1|shop-api-1|shop-db-1|shop-cache-1"},
}


def main() -> int:
    """Write a picture of each dashboard, or of those that are named."""
    names = sys.argv[1:] or list(BOARDS)
    require_programs()
    pages = build()
    PICTURES.mkdir(parents=True, exist_ok=True)
    with serving(made_up(END, HOURS)) as prometheus, served(pages) as address:
        for name in names:
            parameters = urllib.parse.urlencode(
                {"dashboard": name, "prometheus": prometheus, "end": END, **CHOSEN.get(name, {})}
            )
            draw(f"{address}/?{parameters}", height(name), PICTURES / f"{name}.png")
            print(f"{PICTURES.relative_to(REPOSITORY)}/{name}.png")
    return 0


def require_programs() -> None:
    """Install by apt what draws: Chromium, Grafana's typeface, and what makes pictures small."""
    if not all(shutil.which(program) for program in ("chromium", "pngquant")):
        packages = ("chromium", "fonts-inter", "pngquant")
        subprocess.run(["apt-get", "update", "-qq"], check=True)
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages], check=True)


def build() -> Path:
    """Install what the page needs and bundle it; the folder to serve."""
    shutil.copytree(WEB, SCRATCH, dirs_exist_ok=True)
    shutil.copytree(FOLDER, SCRATCH / "public/dashboards", dirs_exist_ok=True)
    wanted, installed = SCRATCH / "package.json", SCRATCH / "node_modules/.wanted.json"
    if not installed.exists() or installed.read_text() != wanted.read_text():
        options = ("--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error")
        subprocess.run(["npm", "install", *options], cwd=SCRATCH, check=True)
        shutil.copyfile(wanted, installed)
    subprocess.run(["npm", "run", "--silent", "build"], cwd=SCRATCH, check=True)
    return SCRATCH / "dist"


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on the loopback; its address."""
    handler = functools.partial(QuietHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves files and says nothing about it."""

    def log_message(self, *_: object) -> None:
        """Leave the terminal alone."""


def height(name: str) -> int:
    """How tall a dashboard is in pixels."""
    places = [panel["gridPos"] for panel in json.loads((FOLDER / f"{name}.json").read_text())["panels"]]
    return HEAD + ROW * max(int(place["y"]) + int(place["h"]) for place in places)


def draw(url: str, tall: int, picture: Path) -> None:
    """Take the picture; RuntimeError when the page could not draw everything."""
    options = (
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        "--force-device-scale-factor=1",
        "--virtual-time-budget=20000",
        f"--window-size={WIDTH},{tall}",
    )
    shot = ["chromium", *options, f"--screenshot={picture}", "--dump-dom", url]
    page = subprocess.run(shot, check=True, capture_output=True, text=True, timeout=120).stdout
    if "<title>drawn</title>" not in page:
        raise RuntimeError(page.partition("<title>")[2].partition("</title>")[0] or "an empty page")
    if empty := re.findall(r'class="empty" title="([^"]+)"', page):
        raise RuntimeError(f"nothing to see in {', '.join(empty)}")
    subprocess.run(["pngquant", "--force", "--strip", "--speed=1", f"--output={picture}", "128", picture], check=True)


if __name__ == "__main__":
    sys.exit(main())
