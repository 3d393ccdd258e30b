"""The exposition on the wire: what Prometheus and its tools make of it."""

import contextlib
import gzip
import json
import subprocess
import time
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from tests.support.live.exposed import Exporter, inside
from tests.support.live.shop import Shop
from tests.support.private_host.engines import tool
from tests.support.waiting import until

PACED = "i=0; while [ $i -lt 6000 ]; do head -c 20000 /dev/zero; i=$((i+1)); usleep 50000; done"


def test_promtool_finds_nothing_to_complain_about(exporter: Exporter) -> None:
    _, body = exporter.get()
    checked = subprocess.run(
        [tool("promtool"), "check", "metrics"], input=body, capture_output=True, check=False, timeout=60
    )
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, b"")


def test_openmetrics_is_served_when_asked_for_and_parses_strictly(exporter: Exporter) -> None:
    status, body = exporter.get(Accept="application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5")
    assert status == 200
    assert body.endswith(b"# EOF\n")
    parsed = text_string_to_metric_families(body.decode())  # type: ignore[no-untyped-call] # it has no types
    families = {family.name: family for family in parsed}
    samples = families["dockernet_endpoint_receive_bytes"].samples
    created = {frozenset(s.labels.items()) for s in samples if s.name.endswith("_created")}
    assert created == {frozenset(s.labels.items()) for s in samples if s.name.endswith("_total")} != set()


def test_gzip_is_sent_only_when_asked_for(exporter: Exporter) -> None:
    _, packed = exporter.get(Accept_Encoding="gzip")
    _, plain = exporter.get()
    assert b"dockernet_up 1.0\n" in gzip.decompress(packed)
    assert b"dockernet_up 1.0\n" in plain


@pytest.fixture
def prometheus(exporter: Exporter, shop: Shop, tmp_path: Path) -> Iterator[Callable[[str], list[Any]]]:
    """Prometheus in the host, scraping each second; ask it with a query."""
    assert exporter.process.poll() is None
    scrape = {"job_name": "dockernet", "static_configs": [{"targets": ["127.0.0.1:9714"]}]}
    config = {"global": {"scrape_interval": "1s"}, "scrape_configs": [scrape]}
    (tmp_path / "prometheus.yml").write_text(json.dumps(config))
    process = shop.host.popen(
        str(tool("prometheus")),
        f"--config.file={tmp_path}/prometheus.yml",
        f"--storage.tsdb.path={tmp_path}/data",
        "--web.listen-address=127.0.0.1:9090",
        stderr=subprocess.DEVNULL,
    )

    def ask(query: str) -> list[Any]:
        url = "http://127.0.0.1:9090/api/v1/query?" + urllib.parse.urlencode({"query": query})
        answer = shop.host.run(str(tool("busybox")), "wget", "-q", "-O", "-", url, check=False)
        return list(json.loads(answer.stdout)["data"]["result"]) if answer.returncode == 0 else []

    yield ask
    process.terminate()
    process.wait(60)


@pytest.mark.parametrize("host", ["bookworm"], indirect=True, ids=["20.10.24"])
def test_prometheus_rates_what_was_sent(prometheus: Callable[[str], list[Any]], shop: Shop) -> None:
    """Paced by the container; the truth is read beside Prometheus from the container's own counters."""
    shop.db.exec_run(["sh", "-c", "sleep 600 | nc -l -p 7777 >/dev/null"], detach=True)
    until(lambda: shop.db.exec_run(["sh", "-c", "netstat -ltn | grep -q :7777"]).exit_code == 0, 30, "a listener")
    shop.db.reload()
    address = shop.db.attrs["NetworkSettings"]["Networks"]["back"]["IPAddress"]
    shop.web.exec_run(["sh", "-c", f"({PACED}) | nc {address} 7777"], detach=True)
    series = 'dockernet_endpoint_receive_bytes_total{container="db",network="back"}'
    readings: list[tuple[float, float]] = []
    rates: list[tuple[float, float]] = []

    def long_enough() -> bool:
        received = inside(shop.db)["eth0"]["receive_bytes"]
        readings.append((time.time(), received))
        return readings[-1][0] - readings[0][0] > 14

    def agree() -> bool:
        """A scrape that came late or not at all leaves a gap, and a rate too small until it is out of the window."""
        long_enough()
        for answer in prometheus(f"rate({series}[10s])"):
            asked, rate = float(answer["value"][0]), float(answer["value"][1])
            window = [reading for reading in readings if asked - 10 <= reading[0] <= asked]
            sent = (window[-1][1] - window[0][1]) / (window[-1][0] - window[0][0])
            rates.append((rate, sent))
            return sent > 20_000 and rate == pytest.approx(sent, rel=0.1)
        return False

    until(lambda: prometheus(series), 60, "a first scrape")
    until(long_enough, 30, "fourteen seconds of traffic")
    with contextlib.suppress(TimeoutError):
        until(agree, 60, "the rate of what was sent")
    rate, sent = rates[-1]
    assert sent > 20_000
    assert rate == pytest.approx(sent, rel=0.1)
    until(lambda: prometheus('up{job="dockernet"} == 1'), 30, "a scrape that succeeds")
