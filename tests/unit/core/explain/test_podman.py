"""A port that Podman publishes: conmon reserves it and netavark's rules forward it, which is one path."""

import pytest
from msgspec.structs import replace

from exporter.core.explain.explain import explain
from exporter.core.findings.rule import Input
from exporter.core.model.docker import PODMAN
from exporter.core.model.sockets import ENGINE, PROCESS, HostSockets, Listener, ListeningSocket, Owner
from exporter.core.nat.evaluator import NatEvaluator, NatState
from exporter.core.nat.expected import expected
from exporter.core.nat.reading import NatReading
from exporter.core.nat.redirects import redirects
from exporter.core.nat.view import NatView
from exporter.core.nat.walk.inside import inside_of
from exporter.core.observation import Observation
from exporter.core.ports.socket_owner import Process, known_containers, owner_of
from exporter.core.topology.topology import join
from tests.support.builders import bridge, network, observed, run
from tests.support.engine29_hosts import FOLDER
from tests.support.nat_hosts import DEVICES, FORWARDING, host, published
from tests.support.saved_rules import ruleset

RULES = ruleset((FOLDER / "podman-4.3.1.save").read_text())
WEB = published(run("web", network="shopnet", ip="10.89.0.2"), "0.0.0.0:8080:80")
PLAIN = published(run("plain", network="podman", ip="10.88.0.2"), "0.0.0.0:8081:80")
NETWORKS = (
    network("shopnet", bridge="podman1", subnet="10.89.0.0/24"),
    network("podman", bridge="podman0", subnet="10.88.0.0/16"),
)
INVENTORY = host(*NETWORKS, WEB, PLAIN, version="4.3.1", product=PODMAN)
DOCKERS = host(*NETWORKS, WEB, PLAIN, version="20.10.24")
ON_HOST = replace(DEVICES, links={**DEVICES.links, 90: bridge("podman0", 90), 91: bridge("podman1", 91)})
SOCKET = ListeningSocket("tcp", "0.0.0.0", 8080)


def seen() -> Observation:
    wanted = expected(INVENTORY, inside_of(NETWORKS, ON_HOST))
    reading = NatReading(nft=RULES, forwarding=FORWARDING)
    nat = NatView(reading=reading, expected=wanted, redirects=redirects(RULES, wanted))
    sockets = HostSockets((Listener(SOCKET, owner_of(SOCKET, (), CONMON, known_containers(INVENTORY))),))
    return replace(observed(join(INVENTORY, ON_HOST)), nat=nat, sockets=sockets)


CONMON = Process(4711, "conmon", uid=0)


@pytest.mark.parametrize(
    ("inventory", "owner"), [(INVENTORY, Owner(ENGINE, "web", "web-id")), (DOCKERS, Owner(PROCESS, "conmon"))]
)
def test_conmon_listens_for_its_container_if_the_engine_is_podman(inventory: object, owner: Owner) -> None:
    assert owner_of(SOCKET, (), CONMON, known_containers(inventory)) == owner  # type: ignore[arg-type]


def test_the_port_is_one_path_whose_rules_are_netavarks() -> None:
    [path] = explain(seen(), "8080").paths
    steps = {step.name: (step.state, step.detail) for step in path.steps}
    assert steps["host"] == ("ok", "tcp/8080 is held by container web (the engine)")
    assert steps["dnat"][0] == "ok"
    assert "10.89.0.2:80 on network shopnet" in steps["dnat"][1]
    assert steps["forward"][0] == "ok"


def test_findings_about_its_rules_are_said_to_be_unjudged() -> None:
    state = NatState(NatReading(nft=RULES, forwarding=FORWARDING))
    found = NatEvaluator().evaluate(INVENTORY, expected(INVENTORY), state, 0.0)
    assert (found.findings, found.missing) == ((), (Input.PODMAN_RULES,))
