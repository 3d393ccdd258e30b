"""Published ports that no rule translates."""

from typing import Any

import pytest

from exporter.core.nat.rules.missing_dnat import KIND, check
from tests.support.builders import run
from tests.support.nat_hosts import ALL_PORTS, BOTH_FAMILIES, OLD, Host, drift, hosts, port, published

DNAT_8080 = "-p tcp --dport 8080 -j DNAT"
every_host = pytest.mark.parametrize("host", hosts(), ids=str)


@every_host
def test_an_ordinary_host_shows_none(host: Host) -> None:
    assert list(check(host.scene())) == []


@every_host
def test_a_port_without_its_rule_is_reached_by_nobody(host: Host, sentence: Any) -> None:
    chain = host.layout.entry
    assert list(check(host.without(host.entry(), DNAT_8080).scene())) == [
        drift(KIND, "critical", port(chain), sentence)
    ]


@every_host
def test_docker_proxy_serves_it_without_the_clients_address(host: Host, sentence: Any) -> None:
    damaged = host.without(host.entry(), DNAT_8080)
    wanted = [drift(KIND, "warning", port(host.layout.entry), sentence)]
    assert list(check(damaged.scene(proxied=ALL_PORTS))) == wanted
    assert [found.severity for found in check(damaged.scene(proxied=[("udp", 8080), ("tcp", 8081)]))] == ["critical"]


@every_host
@pytest.mark.parametrize(
    ("rule", "address", "host_port"),
    [
        ("-d 192.0.2.10 -p tcp --dport 8082", "192.0.2.10", 8082),
        ("-d 127.0.0.1 -p tcp --dport 8443", "127.0.0.1", 8443),
    ],
)
def test_a_port_on_one_address_is_named_with_it(
    host: Host, rule: str, address: str, host_port: int, sentence: Any
) -> None:
    found = list(check(host.without(host.entry(), rule).scene()))
    about = port(host.layout.entry, host_port, host_address=address)
    assert found == [drift(KIND, "critical", about, sentence)]


@pytest.mark.parametrize("host", BOTH_FAMILIES, ids=str)
def test_the_families_are_kept_apart(host: Host, sentence: Any) -> None:
    assert list(check(host.without(host.entry("ip6"), DNAT_8080).scene())) == [
        drift(KIND, "critical", port(host.layout.entry, family="ip6"), sentence)
    ]


@every_host
def test_a_rule_that_may_match_is_none_to_miss(host: Host) -> None:
    damaged = host.without(host.entry(), DNAT_8080)
    rule = "-p tcp -m tcp --dport 8080 -m limit --limit 1/sec -j DNAT --to-destination 172.18.0.2:80"
    assert list(check(damaged.inserted(host.entry(), rule).scene())) == []


@every_host
def test_a_rule_on_one_address_serves_a_port_on_all_perhaps(host: Host) -> None:
    rule = "-d 192.0.2.10 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.18.0.2:80"
    damaged = host.without(host.entry(), DNAT_8080).inserted(host.entry(), rule)
    assert list(check(damaged.scene())) == []


@every_host
def test_while_the_chain_is_missing_that_is_told_alone(host: Host) -> None:
    assert list(check(host.without_chain(host.entry()).scene())) == []


def test_a_port_of_the_other_protocol_is_another() -> None:
    damaged = OLD.with_inventory(published(run("dns", ip="172.17.0.2"), "53:53/udp", "53:53/tcp"))
    assert [(found.labels["protocol"], found.labels["container"]) for found in check(damaged.scene())] == [
        ("tcp", "dns")
    ]


def test_an_engine_that_writes_no_rules_for_ipv6_misses_none() -> None:
    assert OLD.families == {"ip"}
    modern = OLD.with_inventory(published(run("new", ip="172.17.0.9"), "9000:80"))
    assert [found.labels["host_port"] for found in check(modern.scene())] == ["9000"]
