"""Ports that are published for nothing."""

from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.model.docker import Endpoint
from exporter.core.ports.context import PortContext
from exporter.core.ports.rules import loopback_only, unserved, wrong_protocol
from tests.support.findings import port_conflict
from tests.support.port_hosts import NOW, publishes, readings, runs, scene, socket

WEB = publishes("web", "8080:80")


def kinds(seen: PortContext) -> list[tuple[str, int]]:
    return [
        (f.kind, int(f.labels["port"])) for rule in (unserved, loopback_only, wrong_protocol) for f in rule.check(seen)
    ]


def inside(*sockets: Any, who: Any = WEB, now: float = NOW) -> PortContext:
    return scene(who, on=readings(inside={"web": sockets}), now=now)


@pytest.mark.parametrize(
    "place", ["0.0.0.0:80", "172.17.0.2:80", "[::]:80", "[::ffff:0.0.0.0]:80", "[::ffff:172.17.0.2]:80"]
)
def test_a_port_that_is_served_on_an_address_of_the_container_is_fine(place: str) -> None:
    assert kinds(inside(place)) == []
    assert kinds(inside("127.0.0.1:80", place)) == []


def test_nothing_on_the_port_is_told_once_for_all_addresses(sentence: Any) -> None:
    assert list(unserved.check(inside("0.0.0.0:8080"))) == [
        port_conflict(
            kind="unserved",
            protocol="tcp",
            address="0.0.0.0",
            port=8080,
            wanted_by="web",
            holder="",
            holder_kind="",
            severity="warning",
            confidence="confirmed",
            detail=sentence,
        )
    ]
    assert kinds(inside()) == [("unserved", 8080)]


def test_what_never_served_its_port_and_serves_another_published_one_or_nothing_is_information() -> None:
    def severities(*sockets: str, served: bool = False) -> list[str]:
        who = publishes("web", "8080:80", "8443:443")
        before = {who.id: frozenset({("tcp", 80), ("tcp", 443)})} if served else {}
        return [f.severity for f in unserved.check(replace(inside(*sockets, who=who), served_before=before))]

    assert severities("0.0.0.0:443") == ["info"]
    assert severities() == ["info", "info"]
    assert severities("127.0.0.1:9000") == ["info", "info"]
    assert severities("0.0.0.0:81") == ["warning", "warning"]
    assert severities(served=True) == ["warning", "warning"]
    assert severities("0.0.0.0:443", served=True) == ["warning"]


def test_a_listener_bound_to_the_loopback_device_serves_no_client() -> None:
    bound = replace(socket("0.0.0.0:80"), ifindex=1)
    assert kinds(scene(WEB, on=readings(inside={"web": (bound,)}))) == [("unserved", 8080)]


@pytest.mark.parametrize("place", ["127.0.0.1:80", "127.0.0.11:80", "[::1]:80", "[::ffff:127.0.0.1]:80"])
def test_the_loopback_alone_is_told(place: str, sentence: Any) -> None:
    seen = inside(place)
    assert kinds(seen) == [("loopback_only", 8080)]
    assert [f.detail for f in loopback_only.check(seen)] == [sentence]


def test_the_other_protocol_alone_is_told(sentence: Any) -> None:
    seen = inside("0.0.0.0:80/udp")
    assert kinds(seen) == [("wrong_protocol", 8080)]
    assert [f.detail for f in wrong_protocol.check(seen)] == [sentence]


def test_the_other_protocol_is_no_mistake_where_it_is_published_too() -> None:
    both = publishes("web", "443:443", "443:443/udp")
    assert kinds(inside("0.0.0.0:443", who=both)) == [("unserved", 443)]


@pytest.mark.parametrize(
    ("place", "kind", "severity", "confidence"),
    [
        ("0.0.0.0:54/udp", "unserved", "info", "suspected"),
        ("127.0.0.1:53/udp", "loopback_only", "warning", "probable"),
        ("0.0.0.0:53", "wrong_protocol", "warning", "probable"),
        ("127.0.0.1:53", "unserved", "info", "suspected"),
    ],
)
def test_on_udp_it_is_less_certain(place: str, kind: str, severity: str, confidence: str) -> None:
    seen = inside(place, who=publishes("web", "53:53/udp"))
    [found] = [found for rule in (unserved, loopback_only, wrong_protocol) for found in rule.check(seen)]
    assert (found.kind, found.severity, found.confidence) == (kind, severity, confidence)


def test_ipv6_alone_serves_only_who_has_an_ipv6_address() -> None:
    six = socket("[::]:80", v6only=True)
    assert kinds(inside(six)) == [("unserved", 8080)]
    dual = replace(WEB, endpoints=(Endpoint("bridge", "bridge-net", ip_address="172.17.0.2", ip6_address="fd00::2"),))
    assert kinds(inside(six, who=dual)) == []


def test_whoever_shares_the_namespace_serves_too_and_a_sharer_has_the_owners() -> None:
    sharer = runs("sidecar", network="container:web-id")
    assert kinds(scene(WEB, sharer, on=readings(inside={"web": ("0.0.0.0:80",)}))) == []


@pytest.mark.parametrize(("age", "count"), [(59.0, 0), (60.0, 1)])
def test_a_slow_start_has_a_minute(age: float, count: int) -> None:
    assert len(kinds(inside(who=publishes("web", "8080:80", started=NOW - age)))) == count


@pytest.mark.parametrize(("length", "count"), [(4, 4), (5, 0)])
def test_a_row_of_ports_is_published_in_case(length: int, count: int) -> None:
    row = publishes("web", *[f"{21000 + port}:{21000 + port}" for port in range(length)])
    assert len(kinds(inside(who=row))) == count


def test_ports_beside_a_row_are_judged() -> None:
    row = publishes("web", "80:80", *[f"{21000 + port}:{21000 + port}" for port in range(5)])
    assert kinds(inside(who=row)) == [("unserved", 80)]


@pytest.mark.parametrize(
    "seen",
    [
        scene(WEB, on=readings()),
        scene(WEB, on=readings(namespaces=None)),
        inside(who=runs("web")),
        inside(who=publishes("web", "8080:80/sctp")),
    ],
    ids=["not read", "cannot be read", "not published", "SCTP"],
)
def test_what_is_not_known_is_not_judged(seen: PortContext) -> None:
    assert kinds(seen) == []


def test_a_port_that_the_engine_chose_is_told_by_its_number() -> None:
    chosen = publishes("web", "80")
    assert chosen.details
    published = tuple(replace(b, host_port=32768, last_host_port=32768) for b in chosen.details.published)
    assert kinds(inside(who=replace(chosen, details=replace(chosen.details, published=published)))) == [
        ("unserved", 32768)
    ]


@pytest.mark.parametrize("inside", [("0.0.0.0:9",), ("127.0.0.1:80",), ("0.0.0.0:80/udp",)])
def test_where_rules_inside_may_redirect_the_port_nothing_is_said(inside: tuple[str, ...]) -> None:
    def found(**more: Any) -> list[Any]:
        context = scene(publishes("web", "8080:80"), on=readings(inside={"web": inside}, **more))
        return [one for check in (unserved.check, loopback_only.check, wrong_protocol.check) for one in check(context)]

    assert len(found()) == 1
    assert found(redirected=frozenset({"web-id"})) == []
