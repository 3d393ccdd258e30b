"""Who holds the port on the host."""

from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.explain.explain import explain
from exporter.core.explain.path import FAILED, HOST, OK, PUBLISHED, UNDETERMINED, UNKNOWN, UNREACHABLE, Path
from exporter.core.model.sockets import CONTAINER, Owner, ProxyUse
from exporter.core.nat.redirects import Redirect
from exporter.core.nat.view import NatView
from exporter.core.ports.result import PortResult
from tests.support.builders import run, stop
from tests.support.explained_hosts import failed_codes, failures_of, observation_of, steps_of
from tests.support.findings import evaluation, port_conflict
from tests.support.nat_hosts import OLD, WEB
from tests.support.port_hosts import container, details, process, proxy


def test_a_port_that_somebody_else_holds_or_nobody(sentence: Any) -> None:
    assert failures_of(OLD, "8080", *process("nginx", "0.0.0.0:8080")) == [(HOST, sentence)]
    assert steps_of(OLD, "8080", *process("", "0.0.0.0:8080"))[HOST][0] == UNKNOWN
    assert (HOST, sentence) in failures_of(OLD, "8080", *proxy("web", 8082))


def test_a_container_that_is_down_and_who_has_its_port(sentence: Any) -> None:
    failed = details(WEB, published=(), exit_code=3, error="no such file")
    down = OLD.with_inventory(replace(stop(failed), endpoints=()))
    assert failures_of(down, "8080", *process("sshd", "0.0.0.0:22")) == [(PUBLISHED, sentence)]
    held = failures_of(down, "8080", *process("nginx", "0.0.0.0:8080"))
    assert held == [(PUBLISHED, sentence), (HOST, sentence)]


def test_who_listens_without_docker(sentence: Any) -> None:
    listeners = (*process("sshd", "0.0.0.0:22"), *container("dns", "192.0.2.10:9000"), *process("", "127.0.0.1:70/udp"))
    host = observation_of(OLD, *listeners)
    assert [(s.name, s.detail) for s in explain(host, "22").paths[0].steps] == [(HOST, sentence)]
    assert explain(host, "22/udp").verdict == UNREACHABLE
    assert explain(host, "9000").paths == (
        Path("tcp", ("192.0.2.10",), 9000, "dns", 0, explain(host, "9000").paths[0].steps),
    )
    assert explain(host, "70").verdict == UNDETERMINED


def test_an_address_that_left_the_host_is_the_fault_of_its_ports_alone() -> None:
    devices = replace(OLD.topology().devices, addresses={"eth0": ("192.0.2.77",)})
    gone = replace(observation_of(OLD), topology=replace(OLD.topology(), devices=devices))
    assert failed_codes(gone, "8082") == [(HOST, "address_lost")]
    assert failed_codes(gone, "8080") == []
    assert failed_codes(gone, "8443") == []


def test_a_stopped_proxy_serves_only_while_dnat_is_there() -> None:
    stopped = {"web": ProxyUse(2, stopped=frozenset({("tcp", 8080)}))}
    rule = Redirect(4, "tcp", 8080, Owner(CONTAINER, "web", "web-id"))
    dnat = NatView(reading=OLD.reading(), expected=OLD.expected(), redirects=(rule,))

    def host_step(**more: Any) -> tuple[str, str]:
        path = explain(observation_of(OLD, **{"proxies": stopped, **more}), "8080").paths[0]
        return next((step.state, step.code) for step in path.steps if step.name == HOST)

    assert host_step() == (FAILED, "proxy_stopped")
    assert host_step(nat=None) == (UNKNOWN, "proxy_stopped")
    assert host_step(nat=dnat) == (OK, "")
    assert host_step(nat=dnat, proxies={"web": ProxyUse(2)}) == (OK, "")


@pytest.mark.parametrize(
    ("listeners", "code"),
    [(process("nginx", "0.0.0.0:8080"), "port_held"), (process("sshd", "0.0.0.0:22"), "not_held")],
)
def test_without_a_proxy_dnat_serves_clients_outside_and_not_the_loopback(
    listeners: Any, code: str, sentence: Any
) -> None:
    rule = Redirect(4, "tcp", 8080, Owner(CONTAINER, "web", "web-id"))
    dnat = NatView(reading=OLD.reading(), expected=OLD.expected(), redirects=(rule,))

    def host_step(**more: Any) -> tuple[str, str, str]:
        path = explain(observation_of(OLD, *listeners, **more), "8080").paths[0]
        return next((step.state, step.code, step.detail) for step in path.steps if step.name == HOST)

    assert host_step() == (FAILED, code, sentence)
    assert host_step(nat=None) == (UNKNOWN, code, sentence)
    assert host_step(nat=dnat) == (UNKNOWN, code, sentence)


def test_a_container_that_could_not_bind_a_port_says_who_has_it() -> None:
    failure = port_conflict(
        kind="host_bind_failed",
        protocol="tcp",
        address="0.0.0.0",
        port=8398,
        wanted_by="plain",
        holder="nginx",
        holder_kind="process",
        severity="critical",
        confidence="confirmed",
        detail="plain cannot bind tcp/8398: held by process nginx",
    )
    host = OLD.with_inventory(run("plain", network="host"))
    found = explain(replace(observation_of(host), ports=PortResult(evaluation(failure))), "plain")
    assert [(one.protocol, one.port, one.steps[0].code) for one in found.paths] == [("tcp", 8398, "port_held")]
    assert found.verdict == UNREACHABLE
