"""Ports that processes of the host serve: what its rules do with clients outside."""

from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.explain.explain import explain
from exporter.core.explain.path import HOST
from exporter.core.model.sockets import Listener
from exporter.core.nat.address_numbers import number_of
from exporter.core.nat.ruleset import IP, IP6, Base
from exporter.core.nat.view import NatView
from tests.support.explained_hosts import observation_of
from tests.support.nat_hosts import NEW, Host
from tests.support.port_hosts import container, process

INPUT = (IP, "filter", "INPUT")
NGINX = process("nginx", "0.0.0.0:7000")
ALLOWED = ("-i lo -j ACCEPT", "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", "-p tcp --dport 7000 -j ACCEPT")


def steps(host: Host, *listeners: Listener, asked: str = "7000", **more: Any) -> list[tuple[str, str, str]]:
    """Name, state and code of the steps that are not ok."""
    paths = explain(observation_of(host, *listeners, **more), asked).paths
    return [(one.name, one.state, one.code) for path in paths for one in path.steps if one.state != "ok"]


def with_input(*lines: str, policy: str = "ACCEPT") -> Host:
    """The host with rules of its own chain INPUT."""
    return NEW.with_table(INPUT, Base("input", policy, "filter", 0), *lines)


def redirecting(port: str, to: str, host: Host = NEW) -> Host:
    """The host with a rule of nat PREROUTING before Docker's."""
    return host.inserted(host.prerouting(), f"-p tcp --dport {port} -j REDIRECT --to-ports {to}")


OPEN_BY_IPV6 = (HOST, "unknown", "operator_rule")
LOCAL = ("listener", "unknown", "loopback_only")
BLOCKED, UNKNOWN = (HOST, "blocked", "operator_rule"), (HOST, "unknown", "rule_not_understood")
CASES: dict[str, tuple[Host, tuple[Listener, ...], list[tuple[str, str, str]]]] = {
    "no rules": (NEW, NGINX, []),
    "dropped": (with_input("-p tcp --dport 7000 -j DROP"), NGINX, [BLOCKED]),
    "another port dropped": (with_input("-p tcp --dport 7001 -j DROP"), NGINX, []),
    "policy": (with_input(policy="DROP"), NGINX, [BLOCKED]),
    "policy, with the port open": (with_input(*ALLOWED, policy="DROP"), NGINX, []),
    "some clients dropped": (with_input("-s 192.0.2.0/24 -p tcp --dport 7000 -j DROP"), NGINX, [UNKNOWN]),
    "not understood": (with_input("-p tcp --dport 7000 -m u32 --u32 0=1 -j DROP"), NGINX, [UNKNOWN]),
    "on the loopback": (with_input(policy="DROP"), process("resolved", "127.0.0.53:7000"), [LOCAL]),
    "on a bridge of Docker's": (with_input(policy="DROP"), process("dns", "172.18.0.1:7000"), []),
    "on one address": (with_input(policy="DROP"), process("nginx", "192.0.2.10:7000"), [BLOCKED]),
    "of both families": (with_input(policy="DROP"), process("nginx", "[::]:7000"), [OPEN_BY_IPV6]),
    "IPv6 alone": (with_input(policy="DROP"), process("nginx", "[::]:7000", v6only=True), []),
    "redirected to a port that nobody serves": (redirecting("7000", "9"), NGINX, [(HOST, "failed", "dnat_wrong")]),
    "redirected to one on the loopback": (
        redirecting("7000", "7001"),
        (*NGINX, *process("other", "127.0.0.1:7001")),
        [(HOST, "failed", "dnat_wrong")],
    ),
    "redirected to one that is served": (redirecting("7000", "7001"), (*NGINX, *process("other", "0.0.0.0:7001")), []),
    "redirected to one that is closed": (
        redirecting("7000", "7001", with_input("-p tcp --dport 7001 -j DROP")),
        (*NGINX, *process("other", "0.0.0.0:7001")),
        [BLOCKED],
    ),
    "some clients redirected": (
        NEW.inserted(NEW.prerouting(), "-s 192.0.2.0/24 -p tcp --dport 7000 -j REDIRECT --to-ports 9"),
        NGINX,
        [(HOST, "unknown", "dnat_wrong")],
    ),
    "another port redirected": (redirecting("7001", "9"), NGINX, []),
    "a container in host mode": (with_input(policy="DROP"), container("web", "0.0.0.0:7000"), [BLOCKED]),
}


@pytest.mark.parametrize(("host", "listeners", "found"), CASES.values(), ids=CASES)
def test_a_port_of_the_host_is_as_open_as_its_input_chain(
    host: Host, listeners: tuple[Listener, ...], found: list[tuple[str, str, str]], sentence: Any
) -> None:
    assert steps(host, *listeners) == found
    details = [one.detail for path in explain(observation_of(host, *listeners), "7000").paths for one in path.steps]
    assert details[1:] == [sentence for _ in details[1:]]


def test_a_port_that_is_closed_over_ipv4_alone() -> None:
    found = NEW.expected()
    six = replace(found.inside, neighbours={IP6: number_of("2001:db8::1")})
    nat = NatView(reading=with_input(policy="DROP").reading(), expected=replace(found, inside=six))
    assert steps(NEW, *process("nginx", "[::]:7000"), nat=nat) == [(HOST, "unknown", "operator_rule")]
    assert steps(NEW, *process("nginx", "[::]:7000", v6only=True), nat=nat) == []


def test_rules_that_were_not_read_leave_it_unknown() -> None:
    assert steps(NEW, *NGINX, nat=NatView(reading=None)) == [(HOST, "unknown", "rules_unknown")]
    assert steps(NEW, *NGINX, nat=None) == [(HOST, "unknown", "rules_unknown")]


def test_packets_that_a_rule_leads_elsewhere_are_no_matter_of_the_input_chain() -> None:
    led = with_input(policy="DROP").inserted((IP, "nat", "PREROUTING"), "-p tcp --dport 7000 -j DNAT --to 10.0.0.9:80")
    assert steps(led, *NGINX) == []


def test_a_port_on_the_loopback_alone() -> None:
    assert steps(NEW, *container("web", "127.0.0.1:7000")) == [LOCAL]
    assert steps(NEW, *container("web", "127.0.0.1:7000"), *container("web", "192.0.2.10:7000")) == []
    assert steps(NEW, *process("resolved", "127.0.0.1:7000")) == [LOCAL]
