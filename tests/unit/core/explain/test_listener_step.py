"""Whether a process inside the container listens where the port leads."""

from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.explain.explain import explain
from exporter.core.explain.path import LISTENER, UNDETERMINED
from tests.support.explained_hosts import failures_of, observation_of, steps_of
from tests.support.nat_hosts import OLD, Host
from tests.support.port_hosts import socket


def test_nothing_listens_where_the_port_leads(sentence: Any) -> None:
    assert failures_of(OLD, inside=("0.0.0.0:8000",)) == [(LISTENER, sentence)]
    many = tuple(f"0.0.0.0:{port}" for port in range(8000, 8006))
    assert failures_of(OLD, inside=many) == [(LISTENER, sentence)]
    assert failures_of(OLD, inside=()) == [(LISTENER, sentence)]


def test_a_listener_on_the_loopback_alone_or_of_the_other_protocol(sentence: Any) -> None:
    assert failures_of(OLD, inside=("127.0.0.1:80", "[::1]:80")) == [(LISTENER, sentence)]
    assert failures_of(OLD, inside=("0.0.0.0:80/udp",)) == [(LISTENER, sentence)]


def code(host: Host, asked: str = "8080", **more: Any) -> str:
    """The code of the listener's step of the first way."""
    [step] = [step for step in explain(observation_of(host, **more), asked).paths[0].steps if step.name == LISTENER]
    return step.code


def test_a_listener_on_an_address_or_a_device_that_the_port_does_not_lead_to_is_another_address() -> None:
    assert code(OLD, inside=("10.9.9.9:80",)) == "wrong_address"
    assert code(OLD, inside=("10.9.9.9:80", "0.0.0.0:80")) == ""
    on_lo = {"web-id": (replace(socket("0.0.0.0:80"), ifindex=1),)}
    assert explain(replace(observation_of(OLD), inside=on_lo), "8080").paths[0].steps[-1].code == "wrong_address"
    target = next(one.targets[0] for one in OLD.expected().bindings if one.host_port == 8080)
    assert code(OLD, inside=(f"{target}:80",)) == ""


@pytest.mark.parametrize("inside", [(), ("0.0.0.0:80",), ("127.0.0.1:80",)])
def test_nat_rules_inside_the_namespace_leave_the_listener_unknown(inside: tuple[str, ...]) -> None:
    """They may lead the port to another one, with a server or without."""
    assert code(OLD, inside=inside, redirected=frozenset({"web-id"})) == "rule_not_understood"
    assert explain(observation_of(OLD, inside=inside, redirected=frozenset({"web-id"})), "8080").verdict == UNDETERMINED


def test_dockers_name_server_is_none_of_the_container() -> None:
    _, detail = steps_of(OLD, inside=("127.0.0.11:34715", "127.0.0.11:60297/udp"))[LISTENER]
    assert "34715" not in detail
    assert "60297" not in detail
    _, detail = steps_of(OLD, inside=("127.0.0.1:9000", "0.0.0.0:8000"))[LISTENER]
    assert "tcp/8000 and on tcp/9000 on its loopback" in detail
