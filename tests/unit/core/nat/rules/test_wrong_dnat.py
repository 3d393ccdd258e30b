"""Rules that lead a published port elsewhere."""

from typing import Any

import pytest

from exporter.core.nat.reading import NatReading
from exporter.core.nat.rules.wrong_dnat import KIND, check
from exporter.core.nat.ruleset import Base, Ruleset
from tests.support.builders import connect, network, run
from tests.support.nat_hosts import BOTH_FAMILIES, NEW, OLD, Host, drift, hosts, port, published
from tests.support.saved_rules import ruleset

TO = "-p tcp -m tcp --dport 8080 -j DNAT --to-destination"
every_host = pytest.mark.parametrize("host", hosts(), ids=str)


@every_host
def test_an_ordinary_host_shows_none(host: Host) -> None:
    assert list(check(host.scene())) == []


@every_host
@pytest.mark.parametrize(
    "target", ["172.17.0.2:80", "172.18.0.2:81", "192.0.2.99:80"], ids=["of dns", "of web", "of no container"]
)
def test_the_first_rule_of_the_entry_chain_decides(host: Host, target: str, sentence: Any) -> None:
    chain = host.layout.entry
    assert list(check(host.inserted(host.entry(), f"{TO} {target}").scene())) == [
        drift(KIND, "critical", port(chain), sentence)
    ]


@every_host
def test_a_rule_behind_the_right_one_does_nothing(host: Host) -> None:
    assert list(check(host.inserted(host.entry(), f"{TO} 192.0.2.99:80", at=-1).scene())) == []


@every_host
def test_a_foreign_rule_before_the_jump_decides(host: Host, sentence: Any) -> None:
    chain = host.layout.prerouting
    assert list(check(host.inserted(host.prerouting(), f"{TO} 192.0.2.99:80").scene())) == [
        drift(KIND, "critical", port(chain), sentence)
    ]


@every_host
@pytest.mark.parametrize("to", ["--to-ports 8081", ""])
def test_a_redirect_to_the_host_is_as_wrong(host: Host, to: str, sentence: Any) -> None:
    damaged = host.inserted(host.prerouting(), f"-p tcp -m tcp --dport 8080 -j REDIRECT {to}")
    assert list(check(damaged.scene())) == [drift(KIND, "critical", port(host.layout.prerouting), sentence)]


@every_host
@pytest.mark.parametrize(
    "rule",
    [
        f"-i eth9 {TO} 192.0.2.99:80",
        f"-s 198.51.100.0/24 {TO} 192.0.2.99:80",
        f"-d 192.0.2.11 {TO} 192.0.2.99:80",
        f"-i docker0 {TO} 192.0.2.99:80",
        f"-d 172.18.0.1 {TO} 192.0.2.99:80",
        "-p tcp -m tcp --dport 8080 -m limit --limit 1/sec -j DNAT --to-destination 192.0.2.99:80",
        "-p udp -m udp --dport 8080 -j DNAT --to-destination 192.0.2.99:80",
        f"{TO} 172.18.0.2:80",
    ],
    ids=["device", "client", "address", "bridge", "gateway", "limit", "protocol", "right"],
)
def test_a_rule_for_some_clients_only_decides_nothing(host: Host, rule: str) -> None:
    assert list(check(host.inserted(host.prerouting(), rule).scene())) == []
    assert list(check(host.inserted(host.entry(), rule).scene())) == []


@every_host
def test_a_port_on_the_loopback_is_reached_by_no_client(host: Host) -> None:
    rule = "-p tcp -m tcp --dport 8443 -j DNAT --to-destination 192.0.2.99:80"
    assert list(check(host.inserted(host.prerouting(), rule).scene())) == []


@pytest.mark.parametrize("host", BOTH_FAMILIES, ids=str)
def test_the_families_are_kept_apart(host: Host, sentence: Any) -> None:
    damaged = host.inserted(host.entry("ip6"), f"{TO} [2001:db8::99]:80")
    assert list(check(damaged.scene())) == [drift(KIND, "critical", port(host.layout.entry, family="ip6"), sentence)]


def test_a_rule_that_keeps_the_port_leads_right_where_both_are_one() -> None:
    same = OLD.with_inventory(published(run("web", network="front", ip="172.18.0.2"), "80:80"))
    rule = "-p tcp -m tcp --dport 80 -j DNAT --to-destination 172.18.0.2"
    assert list(check(same.inserted(same.entry(), rule).scene())) == []
    assert len(list(check(OLD.inserted(OLD.entry(), f"{TO} 172.18.0.2").scene()))) == 1


def test_a_container_on_two_networks_is_led_to_on_either() -> None:
    back = network("zoo", subnet="172.30.0.0/16")
    web = published(connect(run("web", network="front", ip="172.18.0.2"), "zoo", ip="172.30.0.2"), "8080:80")
    two = NEW.with_inventory(back, web)
    assert list(check(two.scene())) == []
    moved = two.without(two.entry(), "--dport 8080").inserted(two.entry(), f"{TO} 172.30.0.2:80")
    assert list(check(moved.scene())) == []


def test_a_chain_of_the_swarms_routing_mesh_comes_first_and_is_none_of_these() -> None:
    ingress = "-p tcp -m tcp --dport 9090 -j DNAT --to-destination 172.25.0.2:9090"
    mesh = OLD.with_table(("ip", "nat", "DOCKER-INGRESS"), Base("", "ACCEPT"), ingress, "-j RETURN")
    led = mesh.inserted(mesh.prerouting(), "-m addrtype --dst-type LOCAL -j DOCKER-INGRESS")
    assert list(check(led.scene())) == []


def elsewhere(rule: str) -> Ruleset:
    """The rules of the other backend."""
    return ruleset(f"*nat\n:PREROUTING ACCEPT\n-A PREROUTING {rule}\nCOMMIT")


@every_host
@pytest.mark.parametrize("rule", [f"{TO} 192.0.2.99:80", "-p tcp -m tcp --dport 8080 -j REDIRECT --to-ports 81"])
@pytest.mark.parametrize("legacy", [False, True], ids=["Docker's in nft", "Docker's in legacy"])
def test_of_two_backends_that_differ_it_is_unknown_which_comes_first(
    host: Host, rule: str, sentence: Any, *, legacy: bool
) -> None:
    other = elsewhere(rule)
    both = NatReading(nft=other, legacy=host.rules) if legacy else NatReading(nft=host.rules, legacy=other)
    assert list(check(host.scene(reading=both))) == [drift(KIND, "warning", port("PREROUTING"), sentence)]


@every_host
@pytest.mark.parametrize(
    "rule",
    [
        f"{TO} 172.18.0.2:80",
        "-p tcp -m tcp --dport 8090 -j DNAT --to-destination 192.0.2.99:80",
        f"-i docker0 {TO} 192.0.2.99:80",
        "-p tcp -m tcp --dport 8080 -j ACCEPT",
        f"-m string --string x --algo bm {TO} 192.0.2.99:80",
    ],
    ids=["the same target", "another port", "another device", "no translation", "not understood"],
)
def test_another_backend_without_another_certain_target_shows_none(host: Host, rule: str) -> None:
    assert list(check(host.scene(reading=NatReading(nft=host.rules, legacy=elsewhere(rule))))) == []
