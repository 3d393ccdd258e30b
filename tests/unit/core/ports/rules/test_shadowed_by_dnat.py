"""Listeners whose packets a DNAT rule takes away."""

from typing import Any

import pytest

from exporter.core.model.sockets import ADDRESS, CONTAINER, Listener, ListeningSocket, Owner
from exporter.core.nat.redirects import Redirect
from exporter.core.ports.context import PortContext
from exporter.core.ports.rules.shadowed_by_dnat import check
from tests.support.findings import port_conflict
from tests.support.port_hosts import container, held, process, proxy, publishes, readings, runs, scene

WEB = Owner(CONTAINER, "web", "web-id")
TOP = container("top", "0.0.0.0:8080")


def rule(**more: Any) -> Redirect:
    """`iptables -t nat -A DOCKER ! -i docker0 -p tcp --dport 8080 -j DNAT --to 172.17.0.2:80`."""
    return Redirect(
        **{"family": 4, "protocol": "tcp", "host_port": 8080, "target": WEB, "in_interface": "!docker0", **more}
    )


def seen(*listeners: Any, **more: Any) -> PortContext:
    return scene(
        publishes("web", "8080:80"), runs("top", network="host"), on=readings(*listeners, redirects=(rule(**more),))
    )


def test_a_listener_behind_a_rule_is_told_with_whom_it_leads_to(sentence: Any) -> None:
    assert list(check(seen(TOP))) == [
        port_conflict(
            kind="shadowed_by_dnat",
            protocol="tcp",
            address="0.0.0.0",
            port=8080,
            wanted_by="top",
            holder="web",
            holder_kind="container",
            severity="critical",
            confidence="confirmed",
            detail=sentence,
        )
    ]


def test_a_foreign_rule_leads_to_an_address(sentence: Any) -> None:
    [found] = check(seen(TOP, in_interface="", target=Owner(ADDRESS, "198.51.100.7")))
    assert (found.labels["holder"], found.labels["holder_kind"]) == ("198.51.100.7", "address")
    assert found.detail == sentence


@pytest.mark.parametrize(
    ("listeners", "limits"),
    [
        (TOP, {"host_port": 8081}),
        (TOP, {"protocol": "udp"}),
        (TOP, {"family": 6}),
        (TOP, {"source": "198.51.100.0/24"}),
        (TOP, {"in_interface": "docker0"}),
        (TOP, {"in_interface": "!eth0"}),
        (container("top", "192.0.2.10:8080"), {"host_ip": "192.0.2.11"}),
        (container("top", "127.0.0.1:8080"), {}),
        (container("top", "[::ffff:127.0.0.1]:8080"), {}),
        (container("top", "[::]:8080", v6only=True), {}),
        (proxy("web", 8080), {}),
        (process("", "0.0.0.0:8080"), {}),
    ],
)
def test_a_rule_that_does_not_mean_everybodys_packets_for_the_listener_shadows_nothing(
    listeners: Any, limits: dict[str, Any]
) -> None:
    assert list(check(seen(listeners, **limits))) == []


@pytest.mark.parametrize(
    ("listeners", "limits"),
    [
        (TOP, {"in_interface": "eth0"}),
        (TOP, {"in_interface": ""}),
        (TOP, {"host_ip": "192.0.2.10"}),
        (TOP, {"host_port": 8000, "last_host_port": 8100}),
        (container("top", "192.0.2.10:8080"), {}),
        (container("top", "[::]:8080"), {}),
        (container("top", "[::]:8080", v6only=True), {"family": 6}),
    ],
)
def test_a_rule_that_means_them_shadows_it(listeners: Any, limits: dict[str, Any]) -> None:
    assert [found.labels["wanted_by"] for found in check(seen(listeners, **limits))] == ["top"]


def test_two_rules_for_one_listener_are_one_finding() -> None:
    on = readings(TOP, redirects=(rule(), rule(in_interface="eth0")))
    assert len(list(check(scene(runs("top", network="host"), on=on)))) == 1


@pytest.mark.parametrize(
    ("name", "uid", "severity"),
    [
        ("conmon", 0, "info"),
        ("kube-proxy", 0, "info"),
        ("docker-proxy", 0, "info"),
        ("conmon", 1000, "critical"),
        ("nginx", 0, "critical"),
    ],
)
def test_a_runtime_of_root_that_reserves_the_port_is_no_victim(name: str, uid: int, severity: str) -> None:
    reserving = Listener(ListeningSocket("tcp", "0.0.0.0", 8080, uid=uid), Owner("process", name))
    assert [found.severity for found in check(seen((reserving,)))] == [severity]


def test_neither_is_a_proxy_of_another_engine() -> None:
    foreign = held(Owner("docker-proxy", foreign_target="172.19.0.2"), "0.0.0.0:8080")
    assert [found.severity for found in check(seen(foreign))] == ["info"]
