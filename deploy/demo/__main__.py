"""Run the demo: `make demo`, with SECONDS=20 to have it end by itself, with BREAK=nat-flush to break it."""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from deploy.demo import alerting, cases, extract
from deploy.demo.breaks import BREAKS
from deploy.demo.outage import Outage
from deploy.demo.relay import Relay
from tests.support.private_host.engines import PackageUnavailableError, tool
from tests.support.private_host.host import PrivateHost
from tests.support.waiting import until

EXPORTER = Path(sys.executable).with_name("dockernet-exporter")
EXPORTER_PORT, PROMETHEUS_PORT = 9714, 9090
START_SECONDS = 60
SCRAPE = "1s"


def main() -> int:
    """Make everything, show it, wait, and leave nothing."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--seconds", type=float, help="end after so long; without it, at Ctrl-C")
    parser.add_argument("--break", dest="broken", choices=BREAKS, help="break this, show it, and heal it at the end")
    options = parser.parse_args()
    if os.geteuid():
        return fail("a private Docker host needs root: try again with sudo")
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    try:
        print("Fetching dockerd, busybox and Prometheus from Debian where missing: unpacked here, not installed.")
        tool("prometheus"), tool("prometheus-alertmanager")
        with PrivateHost("demo") as host:
            show(host.start().load_image(), stopped, options.seconds, options.broken)
    except (PackageUnavailableError, TimeoutError) as error:
        return fail(str(error))
    print("Gone: the host, its containers and everything they left.")
    return 0


def fail(reason: str) -> int:
    """Say why nothing can be shown."""
    print(f"demo: {reason}", file=sys.stderr)
    return 2


def show(host: PrivateHost, stopped: threading.Event, seconds: float | None, broken: str | None) -> None:
    """Start everything on the host and print what it says."""
    cases.make(host)
    log = Path(tempfile.mkstemp(prefix="dockernet-demo-", suffix=".log")[1])
    with log.open("wb") as sink, monitoring(host) as (scraping, notifications):
        exporter = host.popen(str(EXPORTER), "--docker.host", host.docker_url, stderr=sink)
        relays = [Relay(host, port) for port in (EXPORTER_PORT, PROMETHEUS_PORT, alerting.ALERTMANAGER_PORT)]
        exporter_at, prometheus_at, alertmanager_at = (relay.address for relay in relays)
        print(f"Exporter:      {exporter_at}/   (a page, and /metrics; log: {log})")
        print(f"Prometheus:    {prometheus_at}")
        print(f"Alertmanager:  {alertmanager_at}   (a second stands for each minute of rules and routes)")
        print(f"Engine:        DOCKER_HOST={host.docker_url}")

        def ready() -> bool:
            if exporter.poll() is not None or scraping.poll() is not None:
                raise TimeoutError("the exporter or Prometheus ended by itself:\n" + log.read_text())
            return stopped.is_set() or extract.has_rates(prometheus_at)

        until(ready, START_SECONDS, "rates")
        if not stopped.is_set():
            print("\n" + extract.table(prometheus_at) + "\n")
        if broken and not stopped.is_set():
            Outage(host, broken, exporter_at, str(EXPORTER)).play(stopped, seconds, notifications)
        elif not stopped.is_set():
            print("Ctrl-C ends it." if seconds is None else f"Ends in {seconds:g} s.")
            stopped.wait(seconds)
        for relay in relays:
            relay.close()
        alerting.end(exporter)
    log.unlink()


@contextmanager
def monitoring(host: PrivateHost) -> Iterator[tuple["subprocess.Popen[bytes]", list[str]]]:
    """Run Prometheus and Alertmanager on the host; yield Prometheus and the notifications so far."""
    notifications: list[str] = []

    with tempfile.TemporaryDirectory(prefix="dockernet-demo-") as name, ExitStack() as running:
        folder = Path(name)
        alerting.write_prometheus(folder, SCRAPE)
        with host.netns():
            running.enter_context(alerting.webhook(lambda one: notifications.append(alerting.sentence(one))))
        alertmanager = host.popen(*alerting.alertmanager_command(folder), stderr=subprocess.DEVNULL)
        scraping = host.popen(
            *(str(tool("prometheus")), f"--config.file={folder}/prometheus.yml"),
            *(f"--storage.tsdb.path={folder}/data", f"--web.listen-address=127.0.0.1:{PROMETHEUS_PORT}"),
            stderr=subprocess.DEVNULL,
        )
        try:
            yield scraping, notifications
        finally:
            alerting.end(scraping, alertmanager)


if __name__ == "__main__":
    sys.exit(main())
