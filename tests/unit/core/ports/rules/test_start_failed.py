"""Containers that are down for want of a port."""

from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.model.docker import Container
from exporter.core.model.sockets import BoundSocket, Listener, Owner
from exporter.core.ports.lookups import needed_lookups
from exporter.core.ports.rules.start_failed import check
from tests.support.findings import port_conflict
from tests.support.port_hosts import container, down, process, proxy, publishes, readings, runs, scene

IN_USE = "Bind for 0.0.0.0:8080 failed: port is already allocated"
COMPOSE = {"com.docker.compose.project": "shop", "com.docker.compose.service": "web"}
SWARM = {"com.docker.swarm.service.id": "abc", "com.docker.swarm.task.id": "def"}
WEB2 = down("web2", "8080:80", error=IN_USE, state="created")


def test_a_port_that_another_container_publishes_is_told_with_its_name(sentence: Any) -> None:
    seen = scene(publishes("web1", "8080:80"), WEB2, on=readings(proxy("web1", 8080)))
    assert list(check(seen)) == [
        port_conflict(
            kind="start_failed",
            protocol="tcp",
            address="0.0.0.0",
            port=8080,
            wanted_by="web2",
            holder="web1",
            holder_kind="docker-proxy",
            severity="info",
            confidence="confirmed",
            detail=sentence,
        )
    ]


@pytest.mark.parametrize(
    ("listeners", "holder"),
    [
        (process("nginx", "0.0.0.0:8080"), ("nginx", "process")),
        (container("top", "[::]:8080"), ("top", "container")),
        (process("", "127.0.0.1:8080"), ("", "process")),
        (process("nginx", "0.0.0.0:8080/udp"), ("", "")),
        (container("web2", "0.0.0.0:8080"), ("", "")),
        ((), ("", "")),
    ],
    ids=["process", "container", "not visible", "other protocol", "itself", "nothing"],
)
def test_whoever_has_it_now_is_the_holder_and_without_one_it_is_still_down(
    listeners: tuple[Listener, ...], holder: tuple[str, str], sentence: Any
) -> None:
    [found] = check(scene(WEB2, runs("top", network="host"), on=readings(listeners)))
    assert (found.labels["holder"], found.labels["holder_kind"]) == holder
    assert found.detail == sentence


@pytest.mark.parametrize(
    ("policy", "severity"), [("no", "warning"), ("always", "critical"), ("on-failure", "critical"), ("", "warning")]
)
def test_with_a_restart_policy_somebody_counts_on_it(policy: str, severity: str) -> None:
    stopped = down("web2", "8080:80", error=IN_USE, restart_policy=policy)
    assert [found.severity for found in check(scene(stopped))] == [severity]


def test_what_never_ran_and_has_no_restart_policy_is_information() -> None:
    assert [found.severity for found in check(scene(WEB2))] == ["info"]
    policy = down("web2", "8080:80", error=IN_USE, state="created", restart_policy="always")
    assert [found.severity for found in check(scene(policy))] == ["critical"]


@pytest.mark.parametrize(("labels", "severities"), [(COMPOSE, ["info"]), (SWARM, []), ({}, ["critical"])])
def test_a_replica_that_runs_stands_in_for_one_that_failed(labels: dict[str, str], severities: list[str]) -> None:
    failed = replace(down("web2", "8080:80", error=IN_USE, restart_policy="always"), labels=labels)
    running = replace(publishes("web1", "8080:80"), labels=labels)
    assert [found.severity for found in check(scene(running, failed))] == severities


def test_of_the_protocols_that_a_text_does_not_tell_the_one_that_is_held_is_meant() -> None:
    dns = down("dns", "53:53/udp", "53:53/tcp", error=IN_USE.replace("8080", "53"))
    [found] = check(scene(dns, on=readings(process("named", "127.0.0.1:53"))))
    assert (found.labels["protocol"], int(found.labels["port"]), found.labels["holder"]) == ("tcp", 53, "named")


NO_PORT = "failed to listen on TCP socket: address already in use"


def test_of_several_ports_that_a_text_may_mean_none_is_named_until_one_is_held() -> None:
    several = down("web2", "8080:80", "40000:81", error=NO_PORT)
    [found] = check(scene(several))
    assert (found.labels["protocol"], found.labels["port"], found.labels["holder"]) == ("tcp", "0", "")
    assert "one of tcp/8080, tcp/40000" in found.detail
    assert needed_lookups(scene(several)) == {("tcp", 8080), ("tcp", 40000)}
    [found] = check(scene(several, on=readings(process("nginx", "0.0.0.0:40000"))))
    assert (found.labels["port"], found.labels["holder"]) == ("40000", "nginx")


def test_of_one_port_the_text_needs_no_name() -> None:
    [found] = check(scene(down("web2", "8080:80", "53:53/udp", error=NO_PORT)))
    assert (found.labels["protocol"], found.labels["port"]) == ("tcp", "8080")


def test_many_ports_that_a_text_may_mean_are_a_short_sentence() -> None:
    [found] = check(scene(down("web2", *(f"{port}:{port}" for port in range(8000, 8100)), error=NO_PORT)))
    assert len(found.detail) < 150


def test_an_outgoing_connection_is_the_holder_of_its_own_port() -> None:
    curl = BoundSocket("tcp", "192.0.2.10", 8080, "established", Owner("process", "curl"))
    [found] = check(scene(WEB2, on=readings(bound={("tcp", 8080): (curl,)})))
    assert (found.labels["holder"], found.labels["holder_kind"]) == ("curl", "connection")


@pytest.mark.parametrize(
    "stopped",
    [
        replace(WEB2, state="running"),
        down("web2", "8080:80"),
        down("web2", "8080:80", error="exec: no such file"),
        down("web2", "8080:80", error="listen tcp4 10.9.9.9:8080: bind: cannot assign requested address"),
    ],
)
def test_another_state_or_another_error_is_none(stopped: Container) -> None:
    assert list(check(scene(stopped, on=readings(process("nginx", "0.0.0.0:8080"))))) == []
