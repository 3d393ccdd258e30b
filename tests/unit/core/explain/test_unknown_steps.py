"""What could not be read is an unknown step, and what is known otherwise stays."""

from dataclasses import replace
from typing import Any

import pytest

from exporter.core.explain.explain import explain
from exporter.core.explain.path import DNAT, HOST, LISTENER, OK, UNDETERMINED, UNKNOWN
from tests.support.explained_hosts import observation_of, steps_of
from tests.support.nat_hosts import OLD
from tests.support.port_hosts import process


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


def test_without_an_engine_what_it_publishes_is_not_known() -> None:
    away = replace(OLD, inventory=replace(OLD.inventory, connected=False, containers={}))
    assert explain(observation_of(away, *process("nginx", "0.0.0.0:7000")), "8080").verdict == UNDETERMINED
    assert explain(observation_of(away, *process("nginx", "0.0.0.0:7000")), "7000").verdict == UNDETERMINED
    assert explain(observation_of(away), "web").verdict == UNDETERMINED
