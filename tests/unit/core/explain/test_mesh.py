"""Ports of Swarm's routing mesh: the service and its tasks, and no container that does not exist."""

import pytest
from msgspec.structs import replace

from exporter.core.explain.explain import explain
from exporter.core.explain.path import Path
from exporter.core.model.docker import Member
from exporter.core.model.mesh import MeshPort, Task
from exporter.core.model.sockets import HostSockets, Listener
from exporter.core.nat.attribution import Attribution
from exporter.core.nat.published_history import PublishedHistory
from exporter.core.nat.redirects import redirects
from exporter.core.nat.rule_counts import count
from exporter.core.nat.view import NatView
from exporter.core.observation import Observation
from exporter.core.topology.topology import join
from exporter.metrics.ports import published
from tests.support.builders import network, observed, run
from tests.support.nat_hosts import DEVICES, NEW, Host
from tests.support.port_hosts import engine, process

GATEWAY = network("docker_gwbridge", bridge="docker_gwbridge", subnet="172.30.0.0/16")
INGRESS = network("ingress", driver="overlay")
TASK = run("svc.1.abc", network="ingress", ip="10.0.0.4")
MESH = MeshPort("svc", 8085, 80, (Task("svc.1.abc", "", "10.0.0.4"), Task("svc.2.def", "192.0.2.2", "10.0.0.5")))
CHAIN = ("ip", "nat", "DOCKER-INGRESS")
RESERVED = engine("", "[::]:8085")


def swarm(port: MeshPort = MESH) -> Host:
    """A node of a Swarm with the rule of the mesh."""
    host = NEW.with_inventory(GATEWAY, INGRESS, TASK)
    sandbox = Member("ingress-sbox", "gateway_ingress-sbox", "one", "", "172.30.0.2")
    members = {**host.inventory.members, GATEWAY.id: (sandbox,)}
    host = replace(host, inventory=replace(host.inventory, members=members, mesh={INGRESS.id: (port,)}))
    host = host.inserted(CHAIN, "-p tcp -m tcp --dport 8085 -j DNAT --to-destination 172.30.0.2:8085")
    return host.inserted(("ip", "nat", "PREROUTING"), "-m addrtype --dst-type LOCAL -j DOCKER-INGRESS")


def seen(host: Host, *listeners: Listener) -> Observation:
    expected = host.expected()
    nat = NatView(reading=host.reading(), expected=expected, redirects=redirects(host.rules, expected))
    return replace(observed(join(host.inventory, DEVICES)), nat=nat, sockets=HostSockets(listeners or RESERVED))


def steps(path: Path) -> list[tuple[str, str, str]]:
    return [(step.name, step.state, step.code) for step in path.steps]


WHOLE = [("published", "ok", ""), ("dnat", "ok", ""), ("listener", "unknown", "target_unknown")]


@pytest.mark.parametrize("asked", ["8085", "tcp/8085", "svc", "svc.1.abc", "svc.2.def"])
def test_a_published_port_a_service_and_a_task_lead_to_the_service(asked: str) -> None:
    found = explain(seen(swarm()), asked)
    [path] = found.paths
    assert (path.protocol, path.port, path.container, path.container_port) == ("tcp", 8085, "", 80)
    assert steps(path) == WHOLE
    assert "service svc publishes port 8085" in path.steps[0].detail
    assert "svc.1.abc, svc.2.def on 192.0.2.2" in path.steps[0].detail
    assert found.verdict == "undetermined"
    assert "ingress-sbox" not in str(found)


@pytest.mark.parametrize(
    ("servers", "left_out"), [({"10.0.0.4", "10.0.0.5"}, ""), ({"10.0.0.4", "10.0.0.9"}, "svc.2.def on 192.0.2.2")]
)
def test_ipvs_names_the_tasks_to_which_it_distributes(servers: set[str], left_out: str) -> None:
    found = explain(replace(seen(swarm()), real_servers=frozenset(servers)), "8085")
    [path] = found.paths
    assert steps(path) == [*WHOLE[:2], ("ipvs", "ok", ""), WHOLE[2]]
    assert "svc.1.abc" in path.steps[2].detail
    assert path.steps[2].detail.partition(", and not to ")[2] == left_out
    assert found.verdict == "undetermined"


def test_with_no_task_in_ipvs_the_port_is_dead_on_this_node() -> None:
    [path] = explain(replace(seen(swarm()), real_servers=frozenset()), "8085").paths
    assert steps(path) == [*WHOLE[:2], ("ipvs", "failed", "mesh_task_missing")]
    assert path.verdict == "unreachable"


def test_tasks_that_replaced_those_of_the_last_list_are_no_fault() -> None:
    [path] = explain(replace(seen(swarm()), real_servers=frozenset({"10.0.0.9"})), "8085").paths
    assert steps(path) == [*WHOLE[:2], ("ipvs", "unknown", "target_unknown"), WHOLE[2]]


def test_without_the_rule_the_port_is_dead_on_this_node() -> None:
    [path] = explain(seen(swarm().without(CHAIN)), "8085").paths
    assert steps(path)[1] == ("dnat", "failed", "mesh_rule_missing")
    assert path.verdict == "unreachable"


def test_without_the_rules_it_is_unknown() -> None:
    unread = replace(seen(swarm()), nat=None)
    [path] = explain(unread, "8085").paths
    assert steps(path)[1] == ("dnat", "unknown", "rules_unknown")


def test_a_service_without_a_task_serves_nothing() -> None:
    [path] = explain(seen(swarm(replace(MESH, tasks=()))), "8085").paths
    assert steps(path) == [("published", "failed", "service_without_task"), ("dnat", "ok", "")]


def test_a_process_that_listens_there_is_named_too() -> None:
    paths = explain(seen(swarm(), *process("nginx", "0.0.0.0:8085")), "8085").paths
    assert [path.steps[-1].detail for path in paths[1:]] == ["process nginx itself listens on tcp/8085"]


def test_a_socket_whose_owner_is_unknown_is_that_which_reserves_the_port() -> None:
    """The engine's, where the exporter may not see its process."""
    [path] = explain(seen(swarm(), *process("", "[::]:8085")), "8085").paths
    assert steps(path) == WHOLE


def test_another_protocol_has_no_rule() -> None:
    [path] = explain(seen(swarm()), "udp/8085").paths
    assert steps(path)[1] == ("dnat", "failed", "mesh_rule_missing")


@pytest.mark.parametrize(("port", "service"), [(MESH, "svc"), (replace(MESH, host_port=9000), "")])
def test_the_rules_target_is_a_service_and_not_a_container(port: MeshPort, service: str) -> None:
    """Also where the service is not known (yet)."""
    found = redirects(swarm(port).rules, swarm(port).expected())
    assert {(one.target.kind, one.target.name) for one in found if one.host_port == 8085} == {("service", service)}
    other = explain(seen(swarm(port)), "8085")
    assert "ingress-sbox" not in str(other)


def test_no_rule_is_counted_for_a_container_that_does_not_exist() -> None:
    host = swarm()
    counts = count(host.rules, Attribution(host.expected(), PublishedHistory()))
    assert not [name for name, _ in counts.containers if "ingress" in name]
    assert counts.networks["docker_gwbridge", "DNAT"] == 1


def test_the_published_port_names_the_service_and_the_task_that_runs_here() -> None:
    def shown(port: MeshPort) -> list[dict[str, str]]:
        [family] = published(join(swarm(port).inventory, DEVICES))
        return [sample.labels for sample in family.samples if sample.labels["service"]]

    labels = {
        "container": "svc.1.abc",
        "protocol": "",
        "host_address": "0.0.0.0",
        "host_port": "8085",
        "container_port": "80",
        "scope": "all",
        "service": "svc",
    }
    assert shown(MESH) == [labels]
    assert shown(replace(MESH, tasks=MESH.tasks[1:])) == [{**labels, "container": ""}]
