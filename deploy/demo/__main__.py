"""Run the demo: `make demo`, or `make demo SECONDS=20` to have it end by itself."""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.demo import cases, extract
from deploy.demo.relay import Relay
from tests.support.private_host.engines import PackageUnavailableError, tool
from tests.support.private_host.host import PrivateHost
from tests.support.waiting import until

EXPORTER = Path(sys.executable).with_name("dockernet-exporter")
EXPORTER_PORT, PROMETHEUS_PORT = 9714, 9090
SCRAPE_SECONDS = 5
START_SECONDS = 60


def main() -> int:
    """Make everything, show it, wait, and leave nothing."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--seconds", type=float, help="end after so long; without it, at Ctrl-C")
    seconds = parser.parse_args().seconds
    if os.geteuid():
        return fail("a private Docker host needs root: try again with sudo")
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    try:
        print("Fetching dockerd, busybox and Prometheus from Debian where missing: unpacked here, not installed.")
        tool("prometheus")
        with PrivateHost("demo") as host:
            show(host.start().load_image(), stopped, seconds)
    except (PackageUnavailableError, TimeoutError) as error:
        return fail(str(error))
    print("Gone: the host, its containers and everything they left.")
    return 0


def fail(reason: str) -> int:
    """Say why nothing can be shown."""
    print(f"demo: {reason}", file=sys.stderr)
    return 2


def show(host: PrivateHost, stopped: threading.Event, seconds: float | None) -> None:
    """Start everything on the host and print what it says."""
    cases.make(host)
    log = Path(tempfile.mkstemp(prefix="dockernet-demo-", suffix=".log")[1])
    with log.open("wb") as sink, prometheus(host) as scraping:
        exporter = host.popen(str(EXPORTER), "--docker.host", host.docker_url, stderr=sink)
        exporter_at, prometheus_at = Relay(host, EXPORTER_PORT), Relay(host, PROMETHEUS_PORT)
        print(f"Exporter:    {exporter_at.address}/   (a page, and /metrics; log: {log})")
        print(f"Prometheus:  {prometheus_at.address}")
        print(f"Engine:      DOCKER_HOST={host.docker_url}")

        def ready() -> bool:
            if exporter.poll() is not None or scraping.poll() is not None:
                raise TimeoutError("the exporter or Prometheus ended by itself:\n" + log.read_text())
            return stopped.is_set() or extract.has_rates(prometheus_at.address)

        until(ready, START_SECONDS, "rates")
        if not stopped.is_set():
            print("\n" + extract.table(prometheus_at.address) + "\n")
            print("Ctrl-C ends it." if seconds is None else f"Ends in {seconds:g} s.")
            stopped.wait(seconds)
        for relay in (exporter_at, prometheus_at):
            relay.close()
        for process in (exporter, scraping):
            process.terminate()
            process.wait(10)
    log.unlink()


@contextmanager
def prometheus(host: PrivateHost) -> Iterator["subprocess.Popen[bytes]"]:
    """Run Prometheus on the host, scraping the exporter there."""
    scrape = {"job_name": "dockernet", "static_configs": [{"targets": [f"127.0.0.1:{EXPORTER_PORT}"]}]}
    config = {"global": {"scrape_interval": f"{SCRAPE_SECONDS}s"}, "scrape_configs": [scrape]}
    with tempfile.TemporaryDirectory(prefix="dockernet-demo-") as folder:
        (Path(folder) / "prometheus.yml").write_text(json.dumps(config))
        yield host.popen(
            str(tool("prometheus")),
            f"--config.file={folder}/prometheus.yml",
            f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{PROMETHEUS_PORT}",
            stderr=subprocess.DEVNULL,
        )


if __name__ == "__main__":
    sys.exit(main())
