"""What the exporter costs while nothing happens but a scrape each 15 seconds, as Prometheus asks for it."""

import time
from collections.abc import Iterator

from bench.exporter_process import Exporter, exporter
from bench.fake_host import fake_host
from bench.figures import MS, Row, number
from bench.scale import Scale

COUNT = 100
INTERVAL = 15
SETTLED_SECONDS = 1.0
DAY = 86_400


def rows(scale: Scale) -> Iterator[Row]:
    """The table's rows."""
    with fake_host(COUNT) as host, exporter(host.flags) as process:
        process.wait_for(COUNT)
        time.sleep(SETTLED_SECONDS)
        yield from _watched(process, max(1, scale.idle_seconds // INTERVAL))


def _watched(process: Exporter, intervals: int) -> Iterator[Row]:
    started, before, scraping = time.perf_counter(), process.cpu(), 0.0
    for number_of_interval in range(1, intervals + 1):
        at_scrape = process.cpu()
        process.client.as_prometheus()
        scraping += process.cpu() - at_scrape
        time.sleep(max(0.0, started + number_of_interval * INTERVAL - time.perf_counter()))
    seconds, spent = time.perf_counter() - started, (process.cpu() - before) / 1e9
    share = spent / seconds
    yield _wakeups(process)
    yield Row(
        f"CPU, a scrape each {INTERVAL} s, {seconds:.0f} s watched",
        f"{COUNT} endpoints",
        f"{100 * share:.3f} % of a core",
        f"scrapes {100 * scraping / 1e9 / seconds:.3f} %, {number(scraping * MS / intervals)} ms each; "
        f"a day would be {number(share * DAY)} s",
    )


def _wakeups(process: Exporter) -> Row:
    """Between two scrapes."""
    before = process.wakeups()
    time.sleep(INTERVAL)
    often = (process.wakeups() - before) / INTERVAL
    return Row(
        f"wake-ups of all threads in {INTERVAL} s without a scrape", f"{COUNT} endpoints", f"{often:.1f} a second"
    )
