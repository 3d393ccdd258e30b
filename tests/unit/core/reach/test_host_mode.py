"""A client in host mode: its packets are the host's."""

from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.model.device_filters import DeviceFilter
from exporter.core.model.fib import UNICAST, RouteResult
from exporter.core.nat.ruleset import Base
from tests.support.builders import connect, run
from tests.support.nat_hosts import NEW, OLD, OWN_TABLES, Host
from tests.support.reach_hosts import ReachHost
from tests.support.reach_namespaces import NO_ROUTE

MONITOR = connect(run("monitor", network="host"), "host")
INPUT, OUTPUT = (("ip", "filter", chain) for chain in ("INPUT", "OUTPUT"))
WEB, OUT, LOCAL = "172.18.0.2:80", "198.51.100.1", "127.0.0.1:22"
EVERY_KIND = pytest.mark.parametrize("rules", [OLD, NEW, OWN_TABLES], ids=str)
NAT_OUTPUT = ("ip", "nat", "OUTPUT")


def on(rules: Host) -> ReachHost:
    return ReachHost(rules, MONITOR)


@EVERY_KIND
@pytest.mark.parametrize("target", [WEB, OUT, LOCAL, "host:22", "127.0.0.1:8443", "192.0.2.10:8083"])
def test_an_ordinary_target_is_reachable(rules: Host, target: str) -> None:
    host = on(rules).view("web", listeners=("0.0.0.0:80", "0.0.0.0:443"))
    path = host.path(target, "monitor")
    assert (path.verdict, path.steps[0].name) == ("reachable", "route")


CASES: dict[str, tuple[ReachHost, str, tuple[str, str, str]]] = {
    "output": (on(OLD.inserted(OUTPUT, "-d 172.18.0.2 -j DROP")), WEB, ("filter", "failed", "drop_rule")),
    "answers": (on(OLD.inserted(INPUT, "-s 172.18.0.2 -j DROP")), WEB, ("filter", "failed", "drop_rule")),
    "loopback": (on(OLD.inserted(INPUT, "-i lo -j DROP")), LOCAL, ("filter", "failed", "drop_rule")),
    "not understood": (
        on(OLD.inserted(OUTPUT, "-m string --string x -j DROP")), OUT, ("filter", "unknown", "rule_not_understood")
    ),
    "perhaps translated": (
        on(OLD.inserted(NAT_OUTPUT, "-m string --string x -j DNAT --to-destination 172.21.0.2:80")).view(
            "web", listeners=()
        ), WEB, ("filter", "unknown", "rule_not_understood"),
    ),
    "netdev at the server": (
        on(OLD.with_table(("netdev", "t", "c"), Base("ingress", "ACCEPT", devices=("veth-web",)), "-j DROP")), WEB,
        ("filter", "unknown", "rule_not_understood"),
    ),
    "not listening": (on(OLD).view("web", listeners=()), WEB, ("listener", "failed", "not_listening")),
    "no listener on the loopback": (on(OLD), "127.0.0.1:23", ("listener", "failed", "not_listening")),
    "no route": (on(OLD).route("", OUT, NO_ROUTE), OUT, ("route", "failed", "no_route")),
    "blackhole": (on(OLD).route("", OUT, RouteResult(error=22)), OUT, ("route", "failed", "route_refused")),
    "no route behind a translation": (
        on(OWN_TABLES).route("", "172.21.0.2", NO_ROUTE), "192.0.2.10:8083", ("route", "failed", "no_route")
    ),
    "device not known": (
        on(OWN_TABLES).route("", "172.21.0.2", RouteResult(UNICAST, 99)), "192.0.2.10:8083",
        ("route", "unknown", "route_unknown"),
    ),
    "uplink": (on(OLD).device("", "eth0", carrier=False), OUT, ("outside", "failed", "uplink_down")),
    "filter at the uplink": (
        on(OLD).view("", filters=(DeviceFilter(2, "egress", "tc filter u32"),)), OUT,
        ("outside", "unknown", "rule_not_understood"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("host", "target", "fault"), CASES.values(), ids=CASES)
def test_a_fault(host: ReachHost, target: str, fault: tuple[str, str, str], sentence: Any) -> None:
    assert host.faults(target, "monitor") == [fault]
    [step] = [s for s in host.path(target, "monitor").steps if s.state != "ok"]
    assert step.detail == sentence


def test_a_published_port_is_translated_at_the_output(sentence: Any) -> None:
    path = on(OLD).path("192.0.2.10:8083", "monitor")
    assert [s.name for s in path.steps] == ["route", "dnat", "filter", "link", "listener"]
    assert path.steps[1].detail == sentence


def test_the_server_sees_the_address_that_the_packet_has() -> None:
    """The source is chosen before the translation, and stays."""
    host = on(OLD).own_rules("bare", ":INPUT ACCEPT\n-A INPUT -s 192.0.2.10 -j DROP")
    assert host.faults("192.0.2.10:8083", "monitor") == [("inside", "failed", "container_rule")]


def test_rules_that_could_not_be_read_are_unknown() -> None:
    host = on(OLD)
    host.nat = {"reading": None}
    assert host.faults(WEB, "monitor") == [("filter", "unknown", "rules_unknown")]


def test_a_client_that_shares_a_namespace_has_its_addresses() -> None:
    sharer = replace(run("sharer", network="container:client-id"), pid=9)
    path = ReachHost(NEW, sharer).path(WEB, "sharer")
    assert (path.verdict, path.source.namespace_of, path.source.address) == ("reachable", "client", "172.18.0.3")
