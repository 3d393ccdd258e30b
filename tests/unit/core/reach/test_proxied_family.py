"""Clients of IPv6 of a container without an address of it: docker-proxy accepts them on the host."""

import errno
from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.explain.path import OK, Explanation, Path, Step
from exporter.core.model.container_details import Details, PortBinding
from exporter.core.model.fib import RouteResult
from exporter.core.nat.ruleset import IP6, Base
from exporter.core.reach.servers_end import with_servers_end
from tests.support.nat_hosts import BARE, NEW
from tests.support.reach_hosts import ReachHost

BOTH, PORT = ("0.0.0.0", "::"), 8083
PROXY = f"[::]:{PORT}"
DROP = f"-p tcp --dport {PORT} -j DROP"
OUT: dict[str, Any] = {"protocol": "tcp", "source_port": PORT}


def added(host: ReachHost, *addresses: str) -> list[tuple[str, str, str]]:
    """The steps of the port of bare, which has no address of IPv6."""
    path = Path("tcp", addresses or BOTH, PORT, "bare", 80, (Step("published", OK, "published"),))
    [found] = with_servers_end(Explanation(str(PORT), (path,)), host.observation(), host._visit).paths
    return [(one.name, one.state, one.code) for one in found.steps[1:]]


def host(*lines: str, hook: str = "input") -> ReachHost:
    """The host with a chain of ip6tables of its own, and docker-proxy."""
    rules = NEW.with_table((IP6, "filter", hook.upper()), Base(hook, "ACCEPT", "filter", 0), *lines)
    return ReachHost(rules).view("", listeners=(f"0.0.0.0:{PORT}", PROXY))


def unrouted() -> ReachHost:
    """The host without a route for the answers of IPv6."""
    found = host()
    for client in ("2001:db8::1", "2001:4860:4860::8888"):
        found.route("", client, RouteResult(error=errno.EACCES), "2001:db8::10", **OUT)
    return found


CASES: dict[str, tuple[ReachHost, list[tuple[str, str, str]]]] = {
    "no fault": (host(), []),
    "dropped": (host(DROP), [("host", "unknown", "operator_rule")]),
    "another port dropped": (host("-p tcp --dport 9 -j DROP"), []),
    "answers dropped": (
        host(f"-p tcp --sport {PORT} -j DROP", hook="output"),
        [("host", "unknown", "operator_rule")],
    ),
    "no docker-proxy": (host(DROP).view("", listeners=(f"0.0.0.0:{PORT}",)), []),
    "no address of IPv6 outside": (host(DROP).device("", "eth0", ("192.0.2.10",)), []),
    "an address that another host has": (
        host(DROP).device("", "eth0", duplicates=frozenset({"2001:db8::10"})),
        [("host", "unknown", "address_lost")],
    ),
    "answers without a route": (unrouted(), [("back", "unknown", "no_route_back")]),
}


@pytest.mark.parametrize(("host", "found"), CASES.values(), ids=CASES)
def test_what_keeps_clients_of_ipv6_from_docker_proxy(host: ReachHost, found: list[tuple[str, str, str]]) -> None:
    assert added(host) == found


def test_a_port_of_ipv6_alone_is_blocked_and_one_of_ipv4_alone_is_not_concerned() -> None:
    assert added(host(DROP), "::") == [("host", "blocked", "operator_rule")]
    assert added(host(DROP), "0.0.0.0") == []


PUBLISHED = {
    "IPv6 alone": (("::",), [("host", "unknown", "wrong_address")]),
    "both": (("0.0.0.0", "::"), []),
    "every address": (("",), []),
    "not in effect": ((), []),
}


@pytest.mark.parametrize(("addresses", "found"), PUBLISHED.values(), ids=PUBLISHED)
@pytest.mark.parametrize("six", [True, False], ids=["IPv6 outside", "no IPv6 outside"])
def test_a_port_of_ipv6_alone_needs_an_address_of_it_outside(
    *, addresses: tuple[str, ...], found: list[tuple[str, str, str]], six: bool
) -> None:
    published = tuple(PortBinding("tcp", 80, address, PORT) for address in addresses)
    bare = replace(BARE, details=replace(BARE.details or Details(), published=published))
    there = ReachHost(NEW, bare).view("", listeners=(PROXY,))
    there = there if six else there.device("", "eth0", ("192.0.2.10",))
    assert added(there, "::") == ([] if six else found)
