"""A rootless Docker beside the machine's own, which has bridges of the same names: nothing is guessed.

The exporter runs on the host as root and as the engine's user, and commands run in the engine's namespaces.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.live.exposed import Metrics
from tests.support.waiting import until
from tests.virtual_machine import exporter, snapshot
from tests.virtual_machine.lines import PATIENCE_SECONDS
from tests.virtual_machine.releases import Release
from tests.virtual_machine.rootless import URL, USER, Rootless, rootless

HTTPD = ("httpd", "-f", "-p", "80")
ABSENT = ("dockernet_endpoint_receive_bytes_total", "dockernet_network_receive_bytes_total", "dockernet_veth_info")


@pytest.fixture(scope="module")
def engine(trixie: Release) -> Iterator[Rootless]:
    with snapshot.machine(trixie) as machine:
        found = rootless(machine)
        found.docker("network", "create", "front")
        found.run("web", "--network", "front", "--publish", "8080:80", command=HTTPD)
        found.run("bound", "--network", "front", "--publish", "192.0.2.1:8081:80", command=HTTPD)
        found.run("plain")
        for port in (8080, 8081):
            machine.run("curl", "-sS", "--max-time", "60", f"http://192.0.2.1:{port}/")
        yield found


def known(metrics: Metrics) -> bool:
    return len(metrics.series("dockernet_published_port_info", container="web")) == 2


@pytest.mark.parametrize("user", [USER, "root"])
def test_from_the_host_what_is_seen_is_right_and_what_is_not_is_said(engine: Rootless, user: str) -> None:
    machine = engine.machine
    exporter.start(machine, URL, user)
    until(lambda: known(exporter.metrics(machine)), PATIENCE_SECONDS, "the published port")
    metrics = exporter.metrics(machine)
    assert metrics.value("dockernet_collector_degraded", collector="links", reason="rootless_engine") == 1
    owners = {
        (row["owner_kind"], row["owner"]) for row, _ in metrics.series("dockernet_host_listener_info", port="8080")
    }
    assert owners == {("engine", "web")}
    assert [name for name in ABSENT if metrics.series(name)] == []
    assert not [labels for labels, value in metrics.series("dockernet_findings") if value]
    found = json.loads(exporter.get(machine, "/api/v1/findings"))
    assert found["findings"] == []
    assert {"missing_dnat", "forward_drop", "bridge_down"} <= found["kinds_not_evaluated"].keys()
    told = explained(engine, "what=8080")
    assert told["verdict"] == "undetermined"
    assert ("host", "rootless_engine") in {(step["name"], step["code"]) for step in told["paths"][0]["steps"]}
    assert explained(engine, "from=plain&to=198.51.100.1:80")["verdict"] == "undetermined"


def explained(engine: Rootless, query: str) -> Any:
    return json.loads(exporter.get(engine.machine, f"/api/v1/explain?{query}"))


def test_commands_on_the_host_say_what_they_did_not_see(engine: Rootless) -> None:
    checked = exporter.command(engine.machine, URL, "check", user=USER)
    assert checked.returncode == 3, checked
    assert "rootless" in checked.stdout
    assert "web" in exporter.command(engine.machine, URL, "topology", user=USER).stdout
    ports = json.loads(exporter.command(engine.machine, URL, "ports", "--output", "json", user=USER).stdout)
    assert {(row["owner_kind"], row["owner"]) for row in ports if row["port"] == 8080} == {("engine", "web")}


def test_in_the_engines_namespaces_all_is_seen_but_the_hosts_end_of_a_port(engine: Rootless) -> None:
    machine = engine.machine
    command = engine.within(exporter.PROGRAM, "--docker.host", URL)
    tree = machine.run(*command, "topology").stdout
    assert "web: eth0" in tree
    assert "veth" in tree
    checked = json.loads(machine.run(*command, "check", "--output", "json", check=False).stdout)
    assert checked["findings"] == []
    assert "missing_dnat" not in checked["kinds_not_evaluated"]
    for port in ("8080", "8081"):
        told = json.loads(machine.run(*command, "explain", port, "--output", "json", check=False).stdout)
        codes = {step["code"] for path in told["paths"] for step in path["steps"] if step["state"] != "ok"}
        assert (told["verdict"], codes) == ("undetermined", {"rootless_engine"}), told
