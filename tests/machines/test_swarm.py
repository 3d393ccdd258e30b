"""Swarm on two machines: its routing mesh, virtual addresses and an encrypted overlay."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.live.exposed import Metrics
from tests.support.waiting import until
from tests.virtual_machine import exporter, rights
from tests.virtual_machine.containers import address, counted, counters, eventually, fetch, inside, offer, run
from tests.virtual_machine.machine import Machine
from tests.virtual_machine.releases import Release
from tests.virtual_machine.swarm import NETWORK, PORT, SECONDS, SERVICE, TASK_PORT, Swarm, real_servers, swarm
from tests.virtual_machine.wire import FIRST, SECOND

SIZE = 5_000_000


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


def answered(node: Machine, command: str) -> set[str]:
    """Which tasks answer when a command is run four times."""
    return set(node.shell(f"for i in 1 2 3 4; do {command}; done", seconds=SECONDS).split())


def test_every_node_reaches_every_task_and_names_them(nodes: Swarm) -> None:
    tasks = nodes.tasks()
    for node, own, other in zip(nodes.nodes, (FIRST, SECOND), (SECOND, FIRST), strict=True):
        assert len(answered(node, f"curl -sS --max-time 60 http://{own}:{PORT}/")) == 2
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
            path = explained(node, what)
            [published, dnat, listener] = path["steps"]
            assert (published["state"], dnat["state"], listener["state"]) == ("ok", "ok", "unknown"), path
            assert here in published["detail"]
            assert f"{there} on {other}" in published["detail"]
            assert "IPVS" in listener["detail"]


def test_the_reserved_port_is_that_of_the_service(nodes: Swarm) -> None:
    command = (f"{exporter.VENV}/bin/dockernet-exporter", "ports", "--url", "http://127.0.0.1:9714", "--output", "json")
    for node in nodes.nodes:
        lines = json.loads(node.run(*command).stdout)
        found = {(line["protocol"], line["published_to"]) for line in lines if line["port"] == PORT}
        assert found == {("tcp", f"service {SERVICE}:{TASK_PORT}")}


def test_a_virtual_address_distributes_and_the_encrypted_overlay_is_counted_to_the_byte(nodes: Swarm) -> None:
    manager, worker = nodes.nodes
    for node, name in ((manager, "one"), (worker, "two")):
        run(node, name, f"--network {NETWORK}")
    until(lambda: len(answered(manager, f"docker exec one wget -qO- http://{SERVICE}/")) == 2, SECONDS, "both tasks")
    offer(worker, "two", SIZE)
    fetch(manager, "one", address(worker, "two", NETWORK), SIZE)
    for node, name in ((manager, "one"), (worker, "two")):
        counted(node, name, NETWORK, "eth0")
        encrypted = node.shell("ip -statistics xfrm state | sed -n 's/^ *\\([0-9]*\\)(bytes).*/\\1/p'").split()
        assert sum(map(int, encrypted)) > SIZE
    assert (counters(manager, "one", "eth0")["receive_bytes"] or 0) > SIZE


def test_with_the_drop_in_the_peers_of_overlays_are_known(nodes: Swarm) -> None:
    lacked = ("overlay", "no_sys_admin")
    assert lacked in exporter.degraded(nodes.manager)
    exporter.add_drop_in(nodes.manager, "overlays.conf")
    assert rights.permitted(nodes.manager) == [set(), {"NET_ADMIN", "SYS_ADMIN", "DAC_READ_SEARCH"}]

    def peers(metrics: Metrics) -> bool:
        return metrics.value("dockernet_overlay_peers", network=NETWORK) == 1

    metrics = eventually(nodes.manager, peers, "the other node")
    assert lacked not in exporter.degraded(nodes.manager)
    assert not [labels for labels, value in metrics.series("dockernet_findings") if value]
    assert inside(nodes.manager, "one", "ping -c 1 -W 60 two")
