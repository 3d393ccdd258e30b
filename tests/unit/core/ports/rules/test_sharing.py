"""Listeners of different owners on one port: sharing it, or each with a family of its own."""

from typing import Any

import pytest

from exporter.core.ports.context import PortContext
from exporter.core.ports.rules import family_split, reuseport_shared
from tests.support.findings import port_conflict
from tests.support.port_hosts import container, engine, process, proxy, publishes, readings, runs, scene


def seen(*listeners: Any) -> PortContext:
    return scene(
        publishes("web", "8080:80"), runs("one", network="host"), runs("two", network="host"), on=readings(*listeners)
    )


def summary(found: Any) -> list[tuple[str, int, str, str]]:
    return [(f.labels["address"], int(f.labels["port"]), f.labels["wanted_by"], f.labels["holder"]) for f in found]


def test_two_containers_that_share_a_port_are_told_once(sentence: Any) -> None:
    shared = seen(container("two", "0.0.0.0:9000"), container("one", "0.0.0.0:9000", "0.0.0.0:9000"))
    assert list(reuseport_shared.check(shared)) == [
        port_conflict(
            kind="reuseport_shared",
            protocol="tcp",
            address="0.0.0.0",
            port=9000,
            wanted_by="one",
            holder="two",
            holder_kind="container",
            severity="warning",
            confidence="confirmed",
            detail=sentence,
        )
    ]


@pytest.mark.parametrize(
    ("listeners", "expected"),
    [
        ((process("nginx", "127.0.0.1:9000"), container("one", "0.0.0.0:9000")), ("0.0.0.0", 9000, "one", "nginx")),
        ((proxy("web", 8080)[:1], container("one", "[::]:8080")), ("::", 8080, "one", "web")),
        ((process("a", "0.0.0.0:9000/udp"), process("b", "0.0.0.0:9000/udp")), ("0.0.0.0", 9000, "a", "b")),
    ],
)
def test_a_container_is_who_misses_it_then_who_comes_first(listeners: Any, expected: tuple[str, int, str, str]) -> None:
    assert summary(reuseport_shared.check(seen(*listeners))) == [expected]


@pytest.mark.parametrize(
    "listeners",
    [
        (container("one", "0.0.0.0:9000", "0.0.0.0:9000", "127.0.0.1:9000"),),
        (process("nginx", *["0.0.0.0:80"] * 4),),
        (container("one", "0.0.0.0:5353/udp"), process("avahi-daemon", "0.0.0.0:5353/udp")),
        (process("dnsmasq", "0.0.0.0:67/udp"), process("dhcpd", "0.0.0.0:67/udp")),
        (container("one", "127.0.0.1:9000"), container("two", "192.0.2.10:9000")),
        (container("one", "0.0.0.0:9000"), container("two", "0.0.0.0:9000/udp")),
        (container("one", "0.0.0.0:9000"), container("two", "[::]:9000", v6only=True)),
        (container("one", "0.0.0.0:9000"), process("", "0.0.0.0:9000")),
        (proxy("web", 8080),),
        (engine("", "0.0.0.0:8080"), proxy("web", 8080)),
    ],
    ids=[
        "workers",
        "processes",
        "mDNS",
        "DHCP",
        "addresses",
        "protocols",
        "families",
        "unknown",
        "docker-proxy",
        "engine",
    ],
)
def test_what_one_owner_has_or_does_not_overlap_is_not_shared(listeners: Any) -> None:
    assert list(reuseport_shared.check(seen(*listeners))) == []


def test_families_with_different_owners_are_told_with_ipv6s_as_who_lacks_the_other(sentence: Any) -> None:
    split = seen(proxy("web", 8080)[:1], container("one", "[::]:8080", v6only=True))
    assert list(family_split.check(split)) == [
        port_conflict(
            kind="family_split",
            protocol="tcp",
            address="0.0.0.0",
            port=8080,
            wanted_by="one",
            holder="web",
            holder_kind="docker-proxy",
            severity="warning",
            confidence="confirmed",
            detail=sentence,
        )
    ]


@pytest.mark.parametrize(
    "listeners",
    [
        (proxy("web", 8080),),
        (container("one", "0.0.0.0:9000"), container("one", "[::]:9000", v6only=True)),
        (container("one", "0.0.0.0:9000"), container("two", "[::]:9000")),
        (container("one", "127.0.0.1:9000"), container("two", "[::]:9000", v6only=True)),
        (container("one", "0.0.0.0:9000"), container("two", "[::1]:9000")),
        (container("one", "0.0.0.0:9000"), container("two", "[::]:9001", v6only=True)),
        (container("one", "0.0.0.0:9000"), process("", "[::]:9000", v6only=True)),
        (engine("", "0.0.0.0:8080"), proxy("web", 8080)[1:]),
        (container("one", "0.0.0.0:5353/udp"), process("avahi-daemon", "[::]:5353/udp", v6only=True)),
        (container("one", "0.0.0.0:9000"),),
    ],
)
def test_what_has_one_owner_or_is_not_for_a_whole_family_is_not_split(listeners: Any) -> None:
    assert list(family_split.check(seen(*listeners))) == []
