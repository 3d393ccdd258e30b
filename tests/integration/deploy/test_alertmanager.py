"""The shipped rules in a real Prometheus and the shipped routes in a real Alertmanager: a fault is one notification.

The exporter is a server with a text; times are shortened all in the same proportion, a minute to a second.
"""

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.demo.alerting import alertmanager_command, webhook, write_prometheus
from tests.support.http_server import Request, Response, serving
from tests.support.kernel.own_namespace import ip, own_namespace
from tests.support.private_host.engines import PackageUnavailableError, tool
from tests.support.rule_files import REPOSITORY, alerts
from tests.support.waiting import until

CONFIG = REPOSITORY / "deploy/alertmanager/alertmanager.yml"
SECONDS = 90
HEALTHY = "dockernet_up 1\ndockernet_engine_event_stream_connected 1\n"
DEAD = (
    "dockernet_up 0\ndockernet_engine_event_stream_connected 0\n" + 'dockernet_findings_suspended{reason="engine"} 1\n'
)
DRIFT = "dockernet_nat_drift{{{}}} 1\n"
DNAT = ('kind="missing_dnat",family="ip",network="front",container="web",protocol="tcp",host_port="{}",'
        'severity="critical"')  # fmt: skip
MASQUERADE = 'kind="missing_masquerade",family="ip",network="{}",severity="critical"'
FLUSHED = (
    HEALTHY
    + "".join(DRIFT.format(DNAT.format(port)) for port in (8080, 8443))
    + "".join(DRIFT.format(MASQUERADE.format(name)) for name in ("front", "back"))
)
CRASHED = HEALTHY + (
    'dockernet_port_conflict{kind="start_failed",protocol="tcp",address="0.0.0.0",port="8080",wanted_by="jvm",'
    'holder="nginx",holder_kind="process",severity="critical",confidence="confirmed"} 1\n'
)


class Town:
    """What the exporter exposes, and what the webhook received."""

    def __init__(self) -> None:
        self.exposed = HEALTHY
        self.received: list[dict[str, Any]] = []

    def answer(self, _: Request) -> Response:
        """The exporter's answer to a scrape."""
        return Response(self.exposed.encode(), content_type="text/plain; version=0.0.4")

    def firing(self) -> list[set[str]]:
        """The names of the alerts of each notification that reports any as firing."""
        firing = [[a for a in one["alerts"] if a["status"] == "firing"] for one in self.received]
        return [{alert["labels"]["alertname"] for alert in found} for found in firing if found]

    def is_resolved(self) -> bool:
        """Whether the last notification reports that all has ended."""
        return bool(self.received) and self.received[-1]["status"] == "resolved"


@contextmanager
def process(*argv: str) -> Iterator[None]:
    running = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        running.kill()
        running.wait(SECONDS)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    try:
        prometheus, _ = tool("prometheus"), tool("prometheus-alertmanager")
    except PackageUnavailableError as error:
        pytest.skip(str(error))
    write_prometheus(tmp_path, "200ms")
    made = Town()
    with own_namespace(), ExitStack() as running:
        ip("link set lo up")
        running.enter_context(serving(made.answer, 9714))
        running.enter_context(webhook(made.received.append))
        running.enter_context(process(*alertmanager_command(tmp_path)))
        running.enter_context(
            process(
                *(str(prometheus), f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/data"),
                "--web.listen-address=127.0.0.1:9090",
            )
        )
        yield made


def while_exposing(town: Town, text: str, seconds: float) -> None:
    """Expose a text for so long."""
    town.exposed = text
    end = time.monotonic() + seconds
    until(lambda: time.monotonic() > end, SECONDS, "the time")


@pytest.mark.parametrize(
    ("fault", "names"),
    [
        (DEAD, {"DockernetEngineDown"}),
        (FLUSHED, {"DockernetDnatMissing", "DockernetMasqueradeMissing"}),
    ],
    ids=["engine-death", "nat-flush"],
)
def test_a_fault_is_one_notification_and_one_when_it_is_over(town: Town, fault: str, names: set[str]) -> None:
    town.exposed = fault
    until(town.firing, SECONDS, "a notification")
    while_exposing(town, fault, 15)  # a quarter of an hour
    assert town.firing() == [names]
    town.exposed = HEALTHY
    until(town.is_resolved, SECONDS, "the end")
    assert town.firing() == [names]


def test_a_slow_crash_loop_is_one_notification(town: Town) -> None:
    for _ in range(5):
        while_exposing(town, CRASHED, 2.5)
        while_exposing(town, HEALTHY, 4)
    assert town.firing() == [{"DockernetPortTaken"}]
    until(town.is_resolved, SECONDS, "the end")
    assert town.firing() == [{"DockernetPortTaken"}]


def test_every_alert_that_a_rule_names_exists() -> None:
    document = yaml.safe_load(CONFIG.read_text())
    sources = [m for rule in document["inhibit_rules"] for m in rule["source_matchers"] if "alertname" in m]
    targets = [m for rule in document["inhibit_rules"] for m in rule["target_matchers"] if "alertname" in m]
    for matcher in (*sources, *targets):
        pattern = matcher.partition('"')[2].rstrip('"')
        inner = re.fullmatch(r"Dockernet\((.*)\)", pattern)
        for part in inner[1].split("|") if inner else [pattern.removeprefix("Dockernet")]:
            assert any(re.fullmatch(f"Dockernet{part}", name) for name in alerts()), (matcher, part)
