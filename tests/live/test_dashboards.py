"""Every query of the dashboards and the rules, asked of a Prometheus that scraped a real exporter on a real host."""

import json
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import docker.errors
import pytest
import yaml

from grafana.preview.prometheus import instant, is_ready
from tests.support.grafana.dashboards import Query, annotation_queries, dashboards, panel_queries
from tests.support.grafana.expressions import selectors
from tests.support.live.exposed import PORT, Exporter
from tests.support.live.shop import IMAGE, Shop
from tests.support.private_host.engines import tool
from tests.support.private_host.host import PrivateHost
from tests.support.waiting import until

pytestmark = [
    pytest.mark.parametrize("host", ["bookworm"], indirect=True, ids=["20.10.24"]),
    pytest.mark.timeout(300),
]

RULES = Path(__file__).parents[2] / "deploy/prometheus"
ADDRESS = "http://127.0.0.1:9090"
# Namespaces are read each ten seconds, so a rate over less would see no growth.
RANGES = {"__rate_interval": "30s", "__interval": "1s", "__range": "2m"}
PATIENCE_SECONDS = 120

# Families that have no series on this host, and why; the history of the preview has them all.
ABSENT: Mapping[str, str] = {
    "dockernet_collector_degraded": "the exporter has every right here",
    "dockernet_series_dropped_total": "no limit of series is set",
    "dockernet_overlay_peers": "no overlay network, which takes a swarm",
    "dockernet_findings_suspended": "everything can be judged",
}

STALE = "-t nat -A DOCKER -p tcp --dport 9999 -j DNAT --to-destination 172.31.255.254:80"
SERVE = "mkdir /www && head -c 20000 /dev/zero >/www/file && httpd -p 80 -h /www"
# Ten requests a second, for five minutes at the most.
ASK = "i=0; while [ $i -lt 3000 ]; do wget -q -O /dev/null {0}; usleep 100000; i=$((i+1)); done"


@pytest.fixture(scope="module")
def prometheus(shop: Shop, exporter: Exporter, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateHost]:
    """The shop's host, busy and with two faults, and a Prometheus in it that scrapes and judges each second."""
    assert exporter.process.poll() is None
    asking = keep_busy(shop)
    plant_faults(shop)
    folder = tmp_path_factory.mktemp("prometheus")
    for rules in RULES.glob("*.yml"):
        shutil.copy(rules, folder)
    scrape = {"job_name": "dockernet", "static_configs": [{"targets": ["127.0.0.1:9714"]}]}
    intervals = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    config = {"global": intervals, "scrape_configs": [scrape], "rule_files": ["alerts.yml", "recording.yml"]}
    (folder / "prometheus.yml").write_text(json.dumps(config))
    running = shop.host.popen(
        str(tool("prometheus")),
        f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address={ADDRESS.removeprefix('http://')}",
        stderr=subprocess.DEVNULL,
    )
    until(lambda: ready(shop.host), 60, "an answer of Prometheus")
    yield shop.host
    # Others share the host: nothing may go on asking, listening or leading astray.
    shop.host.run("iptables", *STALE.replace("-A", "-D").split())
    for process in (asking, running):
        process.terminate()
        process.wait(60)


def ready(host: PrivateHost) -> bool:
    """Whether the Prometheus of a host takes queries."""
    with host.netns():
        return is_ready(ADDRESS)


def keep_busy(shop: Shop) -> "subprocess.Popen[Any]":
    """Requests between containers, to a published port, and to the outside; the process that asks from there."""
    for container in (shop.web, shop.db):
        assert container.exec_run(["sh", "-c", SERVE]).exit_code == 0
    shop.db.exec_run(["sh", "-c", ASK.format("http://web/file")], detach=True)
    shop.web.exec_run(["sh", "-c", ASK.format("http://db/file")], detach=True)
    # nobody answers there, but the way leads out of the host and through its rules
    shop.web.exec_run(["sh", "-c", ASK.format("http://192.0.2.1/")], detach=True)
    published = ASK.format("http://192.0.2.10:8080/file")
    asking = shop.host.popen(str(tool("busybox")), "sh", "-c", published, outside=True, stderr=subprocess.DEVNULL)
    shop.plain.restart()
    return asking


def plant_faults(shop: Shop) -> None:
    """A network too large for its uplink, a port that is taken, a bind that is refused, a rule that leads nowhere."""
    client = shop.host.client()
    client.networks.create("jumbo", options={"com.docker.network.driver.mtu": "9000"})
    with suppress(docker.errors.APIError):  # what is wanted: the port is web's
        client.containers.run(IMAGE, ["sleep", "1000"], name="late", ports={"80/tcp": 8080}, detach=True)
    refused = shop.hostmode.exec_run(["nc", "-l", "-p", str(PORT)])
    assert b"in use" in refused.output
    shop.host.run("iptables", *STALE.split())


def ask(host: PrivateHost, expression: str) -> list[dict[str, Any]]:
    """The series of an expression now."""
    with host.netns():
        return instant(ADDRESS, expression, time.time())


def unanswered(host: PrivateHost, queries: Mapping[str, str]) -> set[str]:
    """Which of the queries have no series."""
    return {name for name, expression in queries.items() if not ask(host, expression)}


def eventually_unanswered(host: PrivateHost, queries: Mapping[str, str]) -> set[str]:
    """Which of them have had no series at any time, after patience."""
    missing = dict(queries)

    def found_all() -> bool:
        for name in missing.keys() - unanswered(host, missing):
            del missing[name]
        return not missing

    with suppress(TimeoutError):
        until(found_all, PATIENCE_SECONDS, "series of every query")
    return set(missing)


def families(expression: str) -> set[str]:
    """The families that an expression asks for."""
    return {selector.family for selector in selectors(expression)}


def can_be_asked(expression: str) -> bool:
    """Whether all that the expression needs exists on this host."""
    return not families(expression) & ABSENT.keys()


def panels() -> Iterator[Query]:
    for dashboard in dashboards():
        yield from panel_queries(dashboard)


def rules(kind: str) -> dict[str, str]:
    """Expressions by the name of the rule; `kind` is alert or record."""
    groups = [
        group
        for path in sorted(RULES.glob("*.yml"))
        for group in (yaml.safe_load(path.read_text()).get("groups") or ())
    ]
    return {rule[kind]: rule["expr"] for group in groups for rule in group["rules"] if kind in rule}


def test_every_panel_finds_series_on_a_real_host(prometheus: PrivateHost) -> None:
    queries = {str(query): query.expanded(RANGES) for query in panels() if can_be_asked(query.expanded(RANGES))}
    assert len(queries) > 100
    assert eventually_unanswered(prometheus, queries) == set()


def test_prometheus_accepts_every_query(prometheus: PrivateHost) -> None:
    annotations = [query for dashboard in dashboards() for query in annotation_queries(dashboard)]
    for query in (*panels(), *annotations):
        ask(prometheus, query.expanded(RANGES))


def test_every_alert_asks_for_families_that_exist(prometheus: PrivateHost) -> None:
    alerts = rules("alert")
    assert len(alerts) > 30
    asked = {family for expression in alerts.values() for family in families(expression)}
    expected = {family: family for family in asked - ABSENT.keys()}
    assert eventually_unanswered(prometheus, expected) == set()
    for expression in alerts.values():
        ask(prometheus, expression)


def test_every_recording_rule_records(prometheus: PrivateHost) -> None:
    records = rules("record")
    assert len(records) > 5
    expected = {record: f'{{__name__="{record}"}}' for record, expr in records.items() if can_be_asked(expr)}
    assert eventually_unanswered(prometheus, expected) == set()


def test_what_is_said_to_be_absent_is(prometheus: PrivateHost) -> None:
    assert unanswered(prometheus, {family: family for family in ABSENT}) == ABSENT.keys()
