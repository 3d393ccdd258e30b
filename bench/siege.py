"""Scrapes while clients request pages and documents as fast as they are answered, against scrapes alone; by turns."""

import time
from collections.abc import Iterator, Mapping
from contextlib import nullcontext

from bench.exporter_process import PORT, Exporter, exporter
from bench.fake_host import fake_host
from bench.figures import Row, Times, judged, number, took
from bench.scale import Scale
from tests.support.siege import siege

CONTAINERS, CLIENTS, ROUNDS = 1000, 64, 4
PAUSE_SECONDS = 0.05
GOAL = 3
OPENED = "/?" + "&".join(f"open=shop-{network}" for network in range(CONTAINERS // 100))
PATHS: Mapping[str, tuple[str, ...]] = {
    "pages and documents": ("/api/v1/topology", OPENED, "/api/v1/findings", "/", "/api/v1/ports", "/api/v1/history"),
    "pages of many states": tuple(
        f"/?show=container/shop-0-web-{number}&open=shop-{number % 9}" for number in range(99)
    ),
    "questions": tuple(
        f"/api/v1/explain?from=shop-0-web-{number}&to=shop-{number % 9}-web-{number % 9 * 100 + 1}:80"
        for number in range(64)
    ),
    "containers": tuple(f"/api/v1/explain?what=shop-0-web-{number}" for number in range(64)),
    "files and unknown paths": ("/nothing", "/static/live.js", "/-/healthy"),
}


def rows(scale: Scale) -> Iterator[Row]:
    """The table's rows."""
    with fake_host(CONTAINERS) as host, exporter(host.flags) as process:
        process.wait_for(CONTAINERS)
        for what, paths in PATHS.items():
            yield _row(process, what, paths, scale.scrapes // ROUNDS)


def _row(process: Exporter, what: str, paths: tuple[str, ...], scrapes: int) -> Row:
    alone, besieged = Times(), Times()
    for _ in range(ROUNDS):
        for times, clients in ((alone, nullcontext()), (besieged, siege(f"127.0.0.1:{PORT}", CLIENTS, paths))):
            with clients:
                for _ in range(scrapes):
                    time.sleep(PAUSE_SECONDS)
                    times.all.append(took(process.client.as_prometheus))
    ratio = besieged.quantile(0.99) / alone.quantile(0.99)
    return Row(
        f"scrape, {CLIENTS} clients of {what}",
        f"{CONTAINERS} endpoints",
        besieged.tail(),
        f"alone {alone.tail()}; medians {number(besieged.middle / alone.middle)} x, p99 {number(ratio)} x",
        judged(f"p99 <= {GOAL} x alone", met=ratio <= GOAL),
    )
