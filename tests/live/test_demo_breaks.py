"""Each outage of the demo is named by the page, `check`, `explain` and `history`, and heals."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from deploy.demo import cases
from deploy.demo.breaks import BREAKS
from tests.support.live.exposed import COMMAND, PORT, Exporter
from tests.support.live.hosts import clear
from tests.support.waiting import until

SECONDS = 90
CODES = {"nat-flush": "dnat_missing", "port-theft": "port_held", "bridge-down": "bridge_down", "dns": "port_held"}

ONE_ENGINE = pytest.mark.parametrize("host", ["bookworm"], indirect=True, ids=["20.10.24"])


@pytest.fixture(scope="module")
def demo(host: Any) -> Iterator[Exporter]:
    clear(host)
    cases.make(host)
    with Exporter(host) as exporter:
        yield exporter
    clear(host)


def answer(host: Any, *argv: str) -> Any:
    argv = (COMMAND, *argv, "--output", "json", "--url", f"http://127.0.0.1:{PORT}")
    return json.loads(host.run(*argv, check=False).stdout)


def kinds(host: Any) -> set[str]:
    return {found["kind"] for found in answer(host, "check")["findings"]}


@ONE_ENGINE
@pytest.mark.parametrize("name", BREAKS)
def test_an_outage_is_named_everywhere_and_heals(host: Any, demo: Exporter, name: str) -> None:
    broken = BREAKS[name]
    until(lambda: kinds(host) == set(), SECONDS, "an ordinary host")
    with broken.apply(host):
        until(lambda: broken.kind in kinds(host), SECONDS, "a finding")
        [detail, *_] = [one["detail"] for one in answer(host, "check")["findings"] if one["kind"] == broken.kind]
        assert detail.encode() in demo.get("/")[1].replace(b"&#x27;", b"'").replace(b"&quot;", b'"')
        explained = answer(host, "explain", *broken.explain)
        assert explained["verdict"] == "unreachable"
        codes = {step["code"] for path in explained["paths"] for step in path["steps"] if step["state"] != "ok"}
        assert CODES[name] in codes
        changes = answer(host, "history", "--kind", broken.kind)
        assert changes[-1]["kind"] == "finding_began"
    until(lambda: kinds(host) == set(), SECONDS, "the end")
    assert answer(host, "history", "--kind", broken.kind)[-1]["kind"] == "finding_ended"


@ONE_ENGINE
def test_the_demo_shows_the_outage_its_notification_and_its_end(host: Any) -> None:
    del host  # only to be skipped where no engine can be had
    argv = (sys.executable, "-m", "deploy.demo", "--break", "bridge-down", "--seconds", "1")
    ended = subprocess.run(argv, capture_output=True, text=True, timeout=280, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    parts = (
        "Broken: ",
        "is down",
        "unreachable",
        "finding_began",
        "firing: DockernetBridgeDown",
        "Healed.",
        "resolved: ",
    )
    places = [ended.stdout.find(part) for part in parts]
    assert places == sorted(places)
    assert -1 not in places
