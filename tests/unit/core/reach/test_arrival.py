"""The server's end: its route back, its state, the MTU of the way."""

import errno
from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.model.fib import UNICAST, RouteResult
from tests.support.nat_hosts import NEW, OLD, WEB
from tests.support.reach_hosts import ReachHost
from tests.support.reach_namespaces import NO_ROUTE

TARGET, BEHIND = "172.18.0.2:80", "172.21.0.2:80"
CLIENT, SERVER, ETH0 = "172.18.0.3", "172.18.0.2", 7
USER, POSTROUTING = ("ip", "filter", "DOCKER-USER"), ("ip", "nat", "POSTROUTING")
PAUSED = replace(WEB, state="paused", network_mode="front")


def taken(error: int, kind: str = "") -> ReachHost:
    """What the server's kernel does with the packet."""
    return ReachHost().route("web", SERVER, RouteResult(kind, error=error), CLIENT, ETH0)


def answered(error: int) -> ReachHost:
    return ReachHost().route("web", CLIENT, RouteResult(error=error), SERVER)


CASES: dict[str, tuple[ReachHost, tuple[str, str, str]]] = {
    "rp_filter": (taken(errno.EINVAL), ("back", "failed", "source_refused")),
    "rp_filter of old kernels": (taken(errno.EXDEV), ("back", "failed", "source_refused")),
    "no local route": (taken(0, UNICAST), ("back", "failed", "local_route_lost")),
    "no local route, and nothing forwarded": (taken(errno.EHOSTUNREACH), ("back", "failed", "local_route_lost")),
    "not known": (taken(errno.ETIMEDOUT), ("back", "unknown", "not_readable")),
    "no route back": (answered(errno.ENETUNREACH), ("back", "failed", "no_route_back")),
    "blackhole back": (answered(errno.EINVAL), ("back", "failed", "no_route_back")),
    "route back not known": (answered(errno.EPERM), ("route", "unknown", "route_unknown")),
    "paused": (ReachHost(NEW, PAUSED), ("listener", "failed", "container_paused")),
    "not listening": (ReachHost().view("web", listeners=()), ("listener", "failed", "not_listening")),
    "full": (ReachHost().view("web", full=frozenset({("tcp", "0.0.0.0", 80)})), ("listener", "failed", "backlog_full")),
    "MTU of the server": (ReachHost().device("web", "eth0", mtu=1400), ("mtu", "unknown", "mtu_mismatch")),
    "MTU of the client": (ReachHost().device("client", "eth0", mtu=9000), ("mtu", "unknown", "mtu_mismatch")),
    "MTU of a host end": (ReachHost().device("", "veth-web", mtu=1280), ("mtu", "unknown", "mtu_mismatch")),
}


@pytest.mark.parametrize(("host", "fault"), CASES.values(), ids=CASES)
def test_a_fault_of_the_servers_end(host: ReachHost, fault: tuple[str, str, str], sentence: Any) -> None:
    assert host.faults(TARGET) == [fault]
    [step] = [s for s in host.path(TARGET).steps if s.state != "ok"]
    assert (step.detail, step.remedy) == (sentence, sentence)


def test_the_mtu_of_the_bridge_itself_is_no_fault() -> None:
    host = ReachHost().device("", "br-front", mtu=1280)
    assert (host.faults(TARGET), host.path(TARGET).steps[-1].name) == ([], "mtu")


def test_a_server_that_could_not_be_visited_is_unknown() -> None:
    assert ReachHost().unread("web", "namespace").faults(TARGET) == [("link", "unknown", "privilege_missing")]


def test_a_server_behind_the_host_sees_the_clients_address_where_nothing_translates_it() -> None:
    host = ReachHost(OLD.inserted(USER, "-j ACCEPT").without(POSTROUTING, "-s 172.18.0.0/16 -j MASQUERADE"))
    host.route("bare", CLIENT, NO_ROUTE)
    assert host.faults(BEHIND) == [("back", "failed", "no_route_back")]


@pytest.mark.parametrize("seen", ["172.21.0.1", "192.0.2.10"], ids=["MASQUERADE", "SNAT"])
def test_a_server_behind_a_translation_sees_the_hosts_address(seen: str) -> None:
    how = "MASQUERADE" if seen == "172.21.0.1" else f"SNAT --to-source {seen}"
    rules = OLD.inserted(POSTROUTING, f"-o br-open -j {how}").inserted(USER, "-j ACCEPT")
    host = ReachHost(rules).route("bare", "172.21.0.2", RouteResult(error=errno.EINVAL), seen, ETH0)
    assert host.faults(BEHIND) == [("back", "failed", "source_refused")]
    assert ReachHost(rules).route("bare", CLIENT, NO_ROUTE).faults(BEHIND) == []
