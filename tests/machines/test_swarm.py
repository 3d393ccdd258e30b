"""Swarm on two machines: its routing mesh, virtual addresses and an encrypted overlay."""

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from tests.support.live.exposed import Metrics
from tests.support.waiting import until
from tests.virtual_machine import exporter, rights
from tests.virtual_machine.containers import address, counted, counters, eventually, fetch, offer, run
from tests.virtual_machine.lines import PATIENCE_SECONDS
from tests.virtual_machine.machine import Machine
from tests.virtual_machine.releases import Release
from tests.virtual_machine.swarm import NETWORK, PORT, SERVICE, TASK_PORT, Swarm, real_servers, swarm
from tests.virtual_machine.wire import FIRST, SECOND

SIZE = 5_000_000
PORTS = (f"{exporter.VENV}/bin/dockernet-exporter", "ports", "--url", "http://127.0.0.1:9714", "--output", "json")


@pytest.fixture(scope="module")
def nodes(release: Release) -> Iterator[Swarm]:
    """Two machines of one Swarm; what a test starts there stays for the next."""
    with swarm(release) as found:
        yield found


def explained(node: Machine, what: str) -> dict[str, Any]:
    """The path of the port, or of the service."""
    told = json.loads(exporter.get(node, f"/api/v1/explain?what={what}"))
    assert "ingress-sbox" not in json.dumps(told)
    [path] = told["paths"]
    return dict(path)


def named_by(node: Machine, what: str, tasks: set[str]) -> list[dict[str, str]]:
    """The steps of the path when its first one names these tasks; none before."""
    steps: list[dict[str, str]] = explained(node, what)["steps"]
    return steps if steps[0]["state"] == "ok" and all(task in steps[0]["detail"] for task in tasks) else []


def answered(node: Machine, command: str) -> set[str]:
    """Which tasks answer when a command is run four times."""
    return set(node.shell(f"for i in 1 2 3 4; do {command}; done").split())


def test_every_node_reaches_every_task_and_names_them(nodes: Swarm) -> None:
    tasks = nodes.tasks()
    for node, own, other in zip(nodes.nodes, (FIRST, SECOND), (SECOND, FIRST), strict=True):
        for asked in (own, other):
            assert len(answered(node, f"curl -sS --max-time 60 http://{asked}:{PORT}/")) == 2
        assert real_servers(node) == {task["EndpointIP"] for task in tasks.values()}
        [here] = [name for name, task in tasks.items() if task["Info"]["Host IP"] == own]
        [there] = [name for name, task in tasks.items() if task["Info"]["Host IP"] == other]
        series = {"service": SERVICE, "host_port": str(PORT), "container_port": str(TASK_PORT)}

        def named(metrics: Metrics, here: str = here, series: dict[str, str] = series) -> bool:
            return metrics.names("dockernet_published_port_info", "service") == {SERVICE} and (
                metrics.value("dockernet_published_port_info", container=here, **series) == 1
            )

        eventually(node, named, f"the port of {here}")
        for what in (str(PORT), SERVICE, here):
            both = {here, f"{there} on {other}"}
            [_, dnat, listener] = until(partial(named_by, node, what, both), PATIENCE_SECONDS, f"{both} by {what}")
            assert (dnat["state"], listener["state"]) == ("ok", "unknown")
            assert "IPVS" in listener["detail"]


def test_a_virtual_address_distributes_and_the_encrypted_overlay_is_counted_to_the_byte(nodes: Swarm) -> None:
    manager, worker = nodes.nodes
    for node, name in ((manager, "one"), (worker, "two")):
        run(node, name, f"--network {NETWORK}")
    until(
        lambda: len(answered(manager, f"docker exec one wget -qO- http://{SERVICE}/")) == 2,
        PATIENCE_SECONDS,
        "both tasks",
    )
    offer(worker, "two", SIZE)
    fetch(manager, "one", address(worker, "two", NETWORK), SIZE)
    for node, name in ((manager, "one"), (worker, "two")):
        counted(node, name, NETWORK, "eth0")
        encrypted = node.shell(
            "ip -statistics xfrm state | sed -n 's/^[[:space:]]*\\([0-9]*\\)(bytes).*/\\1/p'"
        ).split()
        assert sum(map(int, encrypted)) > SIZE
    assert (counters(manager, "one", "eth0")["receive_bytes"] or 0) > SIZE


def test_with_drop_ins_peers_ipvs_and_the_socket_of_the_port_are_known(nodes: Swarm) -> None:
    manager, lacked = nodes.manager, ("overlay", "no_sys_admin")
    assert lacked in exporter.degraded(manager)
    exporter.add_drop_in(manager, "overlays.conf", "processes.conf")
    granted = {"NET_ADMIN", "SYS_ADMIN", "SYS_PTRACE", "DAC_READ_SEARCH"}
    assert rights.permitted(manager) == [set(), granted]

    def peers(metrics: Metrics) -> bool:
        return metrics.value("dockernet_overlay_peers", network=NETWORK) == 1

    metrics = eventually(manager, peers, "the other node")
    assert lacked not in exporter.degraded(manager)
    assert not [labels for labels, value in metrics.series("dockernet_findings") if value]
    ipvs = explained(manager, str(PORT))["steps"][2]
    assert (ipvs["name"], ipvs["state"]) == ("ipvs", "ok")
    assert all(name in ipvs["detail"] for name in nodes.tasks())
    lines = json.loads(manager.run(*PORTS).stdout)
    found = {(line["protocol"], line["owner_kind"], line["published_to"]) for line in lines if line["port"] == PORT}
    assert found == {("tcp", "engine", f"service {SERVICE}:{TASK_PORT}")}
