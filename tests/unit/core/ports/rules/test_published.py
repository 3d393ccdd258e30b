"""Published ports that somebody else has, or nobody."""

from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.model.sockets import Owner
from exporter.core.nat.redirects import Redirect
from exporter.core.ports.context import PortContext
from exporter.core.ports.rules import published_stolen, published_unheld, shadowed_by_dnat
from tests.support.builders import ENGINE
from tests.support.findings import port_conflict
from tests.support.port_hosts import (
    binding,
    container,
    down,
    engine,
    held,
    process,
    proxy,
    publishes,
    readings,
    runs,
    scene,
)

WEB = publishes("web", "8080:80")


def summary(seen: PortContext) -> list[tuple[str, str, int, str]]:
    both = (*published_stolen.check(seen), *published_unheld.check(seen))
    return [(f.kind, f.labels["address"], int(f.labels["port"]), f.labels["holder"]) for f in both]


@pytest.mark.parametrize(
    "listeners",
    [
        proxy("web", 8080),
        proxy("", 8080),
        engine("web", "0.0.0.0:8080", "[::]:8080"),
        engine("", "0.0.0.0:8080", "[::]:8080"),
        engine("web", "0.0.0.0:8080"),
    ],
    ids=[
        "docker-proxy",
        "a docker-proxy of nobody",
        "the engine",
        "the engine for nobody",
        "the engine for IPv4 alone",
    ],
)
def test_what_docker_holds_is_neither(listeners: Any) -> None:
    assert summary(scene(WEB, on=readings(listeners))) == []


def test_a_thief_on_ipv4_and_nobody_on_ipv6_are_two_findings(sentence: Any) -> None:
    seen = scene(WEB, on=readings(process("nginx", "0.0.0.0:8080")))
    assert list(published_stolen.check(seen)) == [
        port_conflict(
            kind="published_stolen",
            protocol="tcp",
            address="0.0.0.0",
            port=8080,
            wanted_by="web",
            holder="nginx",
            holder_kind="process",
            severity="critical",
            confidence="confirmed",
            detail=sentence,
        )
    ]
    assert list(published_unheld.check(seen)) == [
        port_conflict(
            kind="published_unheld",
            protocol="tcp",
            address="::",
            port=8080,
            wanted_by="web",
            holder="",
            holder_kind="",
            severity="warning",
            confidence="confirmed",
            detail=sentence,
        )
    ]


def test_a_thief_on_both_families_steals_both() -> None:
    seen = scene(WEB, runs("top", network="host"), on=readings(container("top", "[::]:8080")))
    assert summary(seen) == [
        ("published_stolen", "0.0.0.0", 8080, "top"),
        ("published_stolen", "::", 8080, "top"),
    ]


def test_one_address_is_stolen_by_who_listens_there_or_everywhere() -> None:
    local = publishes("web", "127.0.0.1:8080:80")
    assert summary(scene(local, on=readings(process("nginx", "192.0.2.10:8080")))) == [
        ("published_unheld", "127.0.0.1", 8080, "")
    ]
    assert summary(scene(local, on=readings(process("nginx", "0.0.0.0:8080")))) == [
        ("published_stolen", "127.0.0.1", 8080, "nginx")
    ]


def test_the_other_protocol_is_another_port() -> None:
    assert summary(scene(WEB, on=readings(proxy("web", 8080), process("dns", "0.0.0.0:8080/udp")))) == []


@pytest.mark.parametrize(
    "quiet",
    [
        down("web", "8080:80"),
        runs("web", bindings=(binding("8080:80"),)),
        publishes("web", "80"),
        publishes("web", "8080:80/sctp"),
    ],
    ids=["stopped", "not in effect", "routed", "SCTP"],
)
def test_what_has_no_listener_of_dockers_is_neither(quiet: Any) -> None:
    assert summary(scene(quiet, on=readings(process("nginx", "0.0.0.0:8080")))) == []


def test_while_dnat_leads_clients_to_the_container_its_port_is_not_stolen() -> None:
    thief = process("nginx", "0.0.0.0:8080")
    rule = Redirect(4, "tcp", 8080, Owner("container", "web", "web-id"), in_interface="!docker0")
    intact = scene(WEB, on=readings(thief, redirects=(rule,)))
    assert list(published_stolen.check(intact)) == []
    assert [found.labels["wanted_by"] for found in shadowed_by_dnat.check(intact)] == ["nginx"]
    elsewhere = scene(WEB, on=readings(thief, redirects=(replace(rule, target=Owner("container", "db", "db-id")),)))
    assert [found.labels["holder"] for found in published_stolen.check(elsewhere)] == ["nginx"]


def test_of_a_thief_of_both_families_the_family_without_dnat_is_stolen() -> None:
    rule = Redirect(4, "tcp", 8080, Owner("container", "web", "web-id"))
    seen = scene(WEB, on=readings(process("nginx", "[::]:8080"), redirects=(rule,)))
    assert [found.labels["address"] for found in published_stolen.check(seen)] == ["::"]


def test_a_proxy_of_another_engine_is_a_thief(sentence: Any) -> None:
    foreign = held(Owner("docker-proxy", foreign_target="172.19.0.2"), "0.0.0.0:8080", "[::]:8080")
    found = list(published_stolen.check(scene(WEB, on=readings(foreign))))
    assert [(one.labels["address"], one.labels["holder_kind"]) for one in found] == [
        ("0.0.0.0", "docker-proxy"),
        ("::", "docker-proxy"),
    ]
    assert found[0].detail == sentence


@pytest.mark.parametrize(("port", "missed"), [("192.0.2.1:8080:80", False), ("8080:80", True)])
def test_an_address_of_the_host_is_not_missed_beside_a_rootless_engine(port: str, *, missed: bool) -> None:
    seen = scene(publishes("web", port), on=readings())
    inventory = replace(seen.inventory, engine=replace(ENGINE, rootless=True))
    rootless = replace(seen, topology=replace(seen.topology, inventory=inventory))
    assert bool(list(published_unheld.check(rootless))) is missed
    assert list(published_unheld.check(seen))
