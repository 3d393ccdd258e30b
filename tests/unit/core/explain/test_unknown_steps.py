"""What could not be read is an unknown step, and what is known otherwise stays."""

from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.explain.explain import explain
from exporter.core.explain.path import DNAT, FAILED, FORWARD, HOST, LISTENER, OK, PUBLISHED, UNDETERMINED, UNKNOWN
from exporter.core.model.sockets import CONTAINER, DOCKER_PROXY, Owner
from exporter.core.nat.redirects import Redirect
from exporter.core.nat.ruleset import IP, Base
from exporter.core.nat.view import NatView
from exporter.core.views.blind_spots import unseen
from tests.support.explained_hosts import observation_of, steps_of
from tests.support.nat_hosts import OLD
from tests.support.port_hosts import held, process


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ({"sockets": None}, HOST),
        ({"nat": None}, DNAT),
        ({"inside": None}, LISTENER),
        ({"inside": {}}, LISTENER),
    ],
    ids=["sockets", "rules", "namespaces", "this namespace"],
)
def test_what_could_not_be_read_is_unknown_and_nothing_else(more: dict[str, Any], name: str) -> None:
    host = observation_of(OLD)
    found = explain(replace(host, **more), "web")
    assert {step.name for path in found.paths for step in path.steps if step.state == UNKNOWN} == {name}
    assert (found.verdict, found.complete) == (UNDETERMINED, False)


def test_rules_that_are_not_there_may_be_switched_off(sentence: Any) -> None:
    nothing = replace(OLD, rules=replace(OLD.rules, chains={}, bases={}))
    assert steps_of(nothing)[DNAT][0] == UNKNOWN
    engine = nothing.inventory.engine
    assert engine is not None
    off = replace(nothing, inventory=replace(nothing.inventory, engine=replace(engine, firewall_driver="none")))
    assert steps_of(off)[DNAT] == (OK, sentence)


def test_rules_that_are_gone_leave_the_rules_of_others_that_drop_what_docker_proxy_serves(sentence: Any) -> None:
    """As firewalld 2, whose first direct rule deletes Docker's."""
    nothing = replace(OLD, rules=replace(OLD.rules, chains={}, bases={}))
    base = Base("input", "ACCEPT", "filter", 0)
    closed, other = (
        nothing.with_table((IP, "filter", "INPUT"), base, f"-p tcp --dport {port} -j DROP") for port in (8080, 81)
    )
    assert steps_of(closed)[FORWARD] == (FAILED, sentence)
    assert FORWARD not in steps_of(other)
    assert steps_of(other)[DNAT][0] == UNKNOWN


def test_without_an_engine_what_it_publishes_is_not_known() -> None:
    away = replace(OLD, inventory=replace(OLD.inventory, connected=False, containers={}))
    assert explain(observation_of(away, *process("nginx", "0.0.0.0:7000")), "8080").verdict == UNDETERMINED
    assert explain(observation_of(away, *process("nginx", "0.0.0.0:7000")), "7000").verdict == UNDETERMINED
    assert explain(observation_of(away), "web").verdict == UNDETERMINED


def test_without_an_engine_a_rule_is_no_proof_that_no_container_publishes_the_port() -> None:
    away = replace(OLD, inventory=replace(OLD.inventory, connected=False, containers={}))
    redirect = Redirect(4, "tcp", 7000, Owner(CONTAINER, "", "172.18.0.2"))
    nat = NatView(reading=OLD.reading(), expected=away.expected(), redirects=(redirect,))
    (path,) = explain(observation_of(away, nat=nat), "7000").paths
    assert {step.name: step.detail for step in path.steps}[DNAT].startswith("a DNAT rule sends tcp/7000 to ")


@pytest.mark.parametrize("asked", ["7000", "7001", "late"])
def test_a_container_that_was_not_inspected_may_publish_the_port(asked: str, sentence: Any) -> None:
    """As on a slow host: the engine has listed it, and its inspect waits."""
    late = replace(next(iter(OLD.inventory.containers.values())), id="late-id", name="late", details=None)
    inventory = replace(OLD.inventory, containers={**OLD.inventory.containers, "late-id": late})
    redirect = Redirect(4, "tcp", 7000, Owner(CONTAINER, "late", "late-id"))
    nat = NatView(reading=OLD.reading(), expected=OLD.expected(), redirects=(redirect,))
    observation = observation_of(replace(OLD, inventory=inventory), *process("sshd", "0.0.0.0:22"), nat=nat)
    found = explain(observation, asked)
    step = found.paths[0].steps[0]
    assert (found.verdict, step.name, step.code) == (UNDETERMINED, PUBLISHED, "not_inspected")
    assert step.detail == sentence
    assert "not_inspected" not in {step.code for step in explain(observation, "22").paths[0].steps}
    assert unseen(observation)["inspects"] == sentence


@pytest.mark.parametrize("connected", [True, False])
def test_without_an_engine_no_docker_proxy_is_called_that_of_another_one(*, connected: bool) -> None:
    host = replace(OLD, inventory=replace(OLD.inventory, connected=connected, containers={}))
    foreign = held(Owner(DOCKER_PROXY, foreign_target="172.18.0.2"), "0.0.0.0:7000")
    [path] = explain(observation_of(host, *foreign), "7000").paths
    [detail] = [step.detail for step in path.steps if "docker-proxy" in step.detail]
    assert ("which no container of this engine has" in detail) is connected
