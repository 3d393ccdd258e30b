"""`explain PORT` of a port that a process of the host serves: its address, and the host's routes."""

import errno
from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.explain.path import OK, Explanation, Path, Step
from exporter.core.model.docker import Link
from exporter.core.model.fib import LOCAL, UNICAST, RouteResult
from exporter.core.model.sockets import ListeningSocket
from exporter.core.nat.ruleset import Base
from exporter.core.reach.servers_end import with_servers_end
from tests.support.nat_hosts import NEW
from tests.support.reach_hosts import ReachHost
from tests.support.reach_namespaces import NO_ROUTE

SOCKET = ListeningSocket("tcp", "0.0.0.0", 8700, inode=5)
HOST, NEAR, FAR, UPLINK = "192.0.2.10", "192.0.2.1", "8.8.8.8", 2
REFUSED, BLACKHOLE = RouteResult(error=errno.EXDEV), RouteResult(error=errno.EINVAL)
ELSEWHERE = RouteResult(UNICAST, 3)
IN: dict[str, Any] = {"protocol": "tcp", "port": 8700}
OUT: dict[str, Any] = {"protocol": "tcp", "source_port": 8700}


def added(host: ReachHost, address: str = "0.0.0.0") -> list[tuple[str, str, str]]:
    """The steps that a port of the host gets."""
    path = Path("tcp", (address,), 8700, "", 0, (Step("host", OK, "it listens"),))
    [found] = with_servers_end(Explanation("8700", (path,)), host.observation(), host._visit).paths
    return [(one.name, one.state, one.code) for one in found.steps[1:]]


def host(address: str = "0.0.0.0", **view: Any) -> ReachHost:
    return ReachHost().view("", listeners=(replace(SOCKET, address=address),), **view)


def received(result: RouteResult, *clients: str) -> ReachHost:
    """What the host's FIB has for packets to the port."""
    found = host()
    for client in clients:
        found.route("", HOST, result, client, UPLINK, **IN)
    return found


def answered(result: RouteResult, *clients: str, **more: Any) -> ReachHost:
    """What it has for the answers of the port."""
    found = host(marks={5: 7} if more else {})
    for client in clients:
        found.route("", client, result, HOST, **OUT, **more)
    return found


def by_device(client: str) -> ReachHost:
    """Answers to a client leave by a device of a VPN."""
    return answered(RouteResult(UNICAST, 9), client).with_device("", Link(9, "wg0", "wireguard", carrier=True))


LOST = ("back", "unknown", "no_route_back")
FAULTS = {
    "rp_filter": (received(REFUSED, NEAR, FAR), ("back", "unknown", "source_refused")),
    "a rule for the port": (received(RouteResult(error=errno.EACCES), NEAR, FAR), ("back", "unknown", "route_refused")),
    "another way for the port": (received(ELSEWHERE, NEAR, FAR), ("back", "unknown", "route_refused")),
    "answers without a route": (answered(BLACKHOLE, NEAR, FAR), LOST),
    "answers to neighbours without a route": (answered(BLACKHOLE, NEAR), LOST),
    "answers to a bridge of Docker's": (answered(RouteResult(UNICAST, 3), NEAR, FAR), LOST),
    "answers to neighbours by a device without their network": (by_device(NEAR), LOST),
    "answers to the internet by a VPN": (by_device(FAR), LOST),
    "answers with a mark without a route": (answered(BLACKHOLE, NEAR, FAR, mark=7), LOST),
}


@pytest.mark.parametrize(("host", "fault"), FAULTS.values(), ids=FAULTS)
def test_a_route_that_is_wrong(host: ReachHost, fault: tuple[str, str, str]) -> None:
    assert added(host) == [fault]


def test_a_host_without_a_default_route_has_clients_on_its_own_network() -> None:
    lone = host().route("", FAR, NO_ROUTE).route("", FAR, NO_ROUTE, HOST, **OUT)
    assert added(lone) == []


def test_what_could_not_be_looked_up_is_no_fault() -> None:
    assert added(received(RouteResult(error=errno.ETIMEDOUT), NEAR, FAR)) == []
    assert added(answered(RouteResult(error=errno.EPERM), NEAR, FAR)) == []


def test_a_socket_that_is_bound_to_an_address_of_nobody() -> None:
    assert added(host("192.0.2.77"), "192.0.2.77") == [("host", "failed", "address_lost")]
    everywhere = host("198.51.100.7").route("", "198.51.100.7", RouteResult(LOCAL, 1))
    for client in (NEAR, FAR):
        everywhere.route("", "198.51.100.7", RouteResult(LOCAL, 1), client, UPLINK)
    assert added(everywhere, "198.51.100.7") == []


def test_a_socket_that_is_bound_to_a_bridge_serves_containers() -> None:
    assert added(host("172.17.0.1"), "172.17.0.1") == [("host", "unknown", "wrong_address")]
    assert added(host(HOST), HOST) == []


def test_a_connection_that_a_process_of_the_host_has_not_accepted() -> None:
    assert added(host(waiting={8700: 4.0})) == [("listener", "unknown", "not_accepting")]
    assert added(host(keys={5: ("0.0.0.0/0",)})) == [("listener", "unknown", "key_required")]


def marking(*texts: str, chain: str = "output", **view: Any) -> ReachHost:
    """Rules of the host's output chains that may mark the answers."""
    place = ("ip", "mangle", "OUTPUT")
    rules = replace(
        NEW.rules,
        bases={**NEW.rules.bases, place: Base(chain, "ACCEPT", "route", -150)},
        chains={**NEW.rules.chains, place: ()},
    )
    found = NEW.with_rules(rules)
    for text in texts:
        found = found.inserted(place, text)
    return ReachHost(found).view("", listeners=(SOCKET,), **view)


MARKED = "-p tcp --sport 8700 -j MARK --set-xmark 0x4d/0xffffffff"
OF_ANOTHER_PORT = "-p tcp --sport 8701 -j MARK --set-xmark 0x4d/0xffffffff"


@pytest.mark.parametrize(
    ("text", "result", "found"),
    [
        (MARKED, BLACKHOLE, [LOST]),
        (MARKED, RouteResult(UNICAST, 9), [LOST]),  # beyond which neighbours are not
        (MARKED, RouteResult(UNICAST, UPLINK), []),
        (OF_ANOTHER_PORT, BLACKHOLE, []),
    ],
)
def test_answers_that_rules_mark_for_another_route(
    text: str, result: RouteResult, found: list[tuple[str, str, str]]
) -> None:
    marked = marking(text)
    for client in (NEAR, FAR):
        marked.route("", client, result, HOST, **OUT, mark=0x4D)
    marked.with_device("", Link(9, "wg0", "wireguard", carrier=True))
    assert added(marked) == found
