"""Packets that are dropped on their way through the host."""

from typing import Any

import pytest

from exporter.core.nat.rules.forward_drop import KIND, check
from exporter.core.nat.ruleset import Base
from tests.support.builders import connect, network, run
from tests.support.nat_hosts import (
    BOTH_FAMILIES,
    NEW,
    OLD,
    OWN_TABLES,
    Host,
    about,
    drift,
    hosts,
    port,
    published,
    subject,
)

FOREIGN = ("ip", "strange", "f")
every_host = pytest.mark.parametrize("host", hosts(), ids=str)


def things(host: Host) -> set[str]:
    """What is dropped: networks, and containers' ports."""
    return {
        f"{one.labels['container']}:{one.labels['host_port']}" if one.labels["container"] else one.labels["network"]
        for one in check(host.scene())
        if one.labels["family"] == "ip"
    }


ALL = {"bridge", "front", "quiet", "open", "dns:53", "web:8080", "web:8082", "bare:8083"}


@every_host
def test_an_ordinary_host_shows_none(host: Host) -> None:
    """Whatever the policy: Docker's own rules accept before it."""
    assert list(check(host.scene())) == []
    for policy in ("ACCEPT", "DROP"):
        assert list(check(host.with_policy(host.forward(), policy).scene())) == []


@pytest.mark.parametrize("host", [OLD, NEW], ids=str)
def test_a_flushed_forward_under_the_policy_drop_lets_nothing_through(host: Host, sentence: Any) -> None:
    damaged = host.without(host.forward())
    assert things(damaged) == ALL
    for one in (subject(chain="FORWARD", network="front"), port("FORWARD")):
        assert [f for f in check(damaged.scene()) if about(f) == one] == [drift(KIND, "critical", one, sentence)]
    assert things(damaged.with_policy(host.forward(), "ACCEPT")) == set()


@every_host
def test_where_nothing_masquerades_answers_are_not_evaluated_by_the_addresses_of_containers(host: Host) -> None:
    """Since 28 the table raw drops packets from outside to these: an effect of what `missing_masquerade` names."""
    place = host.layout.nat_place("ip", host.layout.postrouting)
    assert list(check(host.without(place).scene())) == []


@every_host
def test_dropped_answers_are_named_so(host: Host, sentence: Any) -> None:
    damaged = host.inserted(host.forward(), "-m conntrack --ctstate ESTABLISHED -i br-front -j DROP")
    one = port(host.forward()[2])
    assert [f.detail for f in check(damaged.scene()) if about(f) == one] == [sentence]
    outward = host.inserted(host.forward(), "-m conntrack --ctstate ESTABLISHED -o br-front -j DROP")
    one = subject(chain=host.forward()[2], network="front")
    assert [f.detail for f in check(outward.scene()) if about(f) == one] == [sentence]


@every_host
@pytest.mark.parametrize("target", ["DROP", "REJECT --reject-with icmp-port-unreachable"])
def test_a_rule_before_dockers_drops_everything(host: Host, target: str, sentence: Any) -> None:
    damaged = host.inserted(host.forward(), f"-j {target}")
    assert things(damaged) == ALL
    web = port(host.layout.forward)
    assert [f for f in check(damaged.scene()) if about(f) == web] == [drift(KIND, "critical", web, sentence)]


@every_host
def test_a_base_chain_of_any_other_table_drops_too(host: Host) -> None:
    for place in (FOREIGN, ("inet", "strange", "f")):
        damaged = host.with_table(place, Base("forward", "DROP"))
        assert things(damaged) == ALL
        assert {one.labels["chain"] for one in check(damaged.scene())} == {"f"}
    other_hook = host.with_table(FOREIGN, Base("input", "DROP"))
    assert list(check(other_hook.scene())) == []


@pytest.mark.parametrize("host", BOTH_FAMILIES, ids=str)
def test_the_families_are_kept_apart(host: Host) -> None:
    damaged = host.with_table(("ip6", "strange", "f"), Base("forward", "DROP"))
    assert {
        (one.labels["family"], one.labels["network"], one.labels["container"]) for one in check(damaged.scene())
    } == {
        ("ip6", "front", ""),
        ("ip6", "front", "web"),
    }


@every_host
@pytest.mark.parametrize(
    "rule",
    [
        "-i eth9 -j DROP",
        "-s 198.51.100.0/24 -j DROP",
        "-d 198.51.100.0/24 -j DROP",
        "-m conntrack --ctstate INVALID -j DROP",
        "-p tcp -m tcp --dport 22 -j DROP",
        "-m limit --limit 1/sec -j DROP",
        "-m set --match-set blocked src -j DROP",
        "-i br-front -o br-quiet -j DROP",
        "-p icmp -j DROP",
    ],
)
def test_what_drops_some_clients_only_is_the_operators_choice(host: Host, rule: str) -> None:
    assert list(check(host.inserted(host.forward(), rule).scene())) == []
    assert list(check(host.with_table(FOREIGN, Base("forward", "ACCEPT"), rule).scene())) == []


@every_host
@pytest.mark.parametrize(
    "rules",
    [
        ("-m conntrack --ctstate RELATED,ESTABLISHED,DNAT -j ACCEPT", "-i br-front -j ACCEPT", "-o eth0 -j ACCEPT"),
        ("-p tcp -m tcp --dport 1024:65535 -j ACCEPT", "-m set --match-set good src -j ACCEPT"),
    ],
)
def test_a_firewall_that_lets_some_things_through_drops_nothing_for_certain(host: Host, rules: tuple[str, ...]) -> None:
    guarded = host.with_table(FOREIGN, Base("forward", "DROP"), *rules)
    assert not {"front", "web:8080"} & things(guarded)


@every_host
def test_a_firewall_that_knows_nothing_of_docker_cuts_networks_off(host: Host) -> None:
    """As firewalld's: what was translated on its way in is let through, what containers send is not."""
    guarded = host.with_table(
        FOREIGN, Base("forward", "ACCEPT"), "-m conntrack --ctstate RELATED,ESTABLISHED,DNAT -j ACCEPT", "-j REJECT"
    )
    assert things(guarded) == {"bridge", "front", "quiet", "open"}


def test_without_the_rule_for_a_port_28_drops_what_is_sent_to_it(sentence: Any) -> None:
    rule = "-d 172.18.0.2 -o br-front -p tcp --dport 80"
    assert things(NEW.without(("ip", "filter", "DOCKER"), rule)) == {"web:8080"}
    [found] = check(NEW.without(("ip", "filter", "DOCKER"), rule).scene())
    assert (found.labels["chain"], found.detail) == ("DOCKER", sentence)


def test_before_28_the_policy_drops_it() -> None:
    damaged = OLD.without(("ip", "filter", "DOCKER"), "-d 172.18.0.2 -o br-front -p tcp --dport 80")
    assert things(damaged) == {"web:8080"}
    assert things(damaged.with_policy(OLD.forward(), "ACCEPT")) == set()


def test_in_dockers_own_tables_too() -> None:
    place = ("ip", "docker-bridges", "filter-forward-in__br-front")
    assert things(OWN_TABLES.without(place, "-d 172.18.0.2 -p tcp --dport 80")) == {"web:8080"}


@pytest.mark.parametrize("host", [OLD, NEW], ids=str)
def test_answers_that_are_dropped_are_told(host: Host) -> None:
    chain = "DOCKER-CT" if host is NEW else "FORWARD"
    damaged = host.without(("ip", "filter", chain), "-o br-front -m conntrack --ctstate RELATED,ESTABLISHED")
    assert things(damaged) == {"front"}


@every_host
def test_answers_go_to_the_ports_of_clients(host: Host) -> None:
    """A firewall without states knows them by their ports."""
    guarded = host.with_table(
        FOREIGN,
        Base("forward", "DROP"),
        "-p tcp -m tcp --dport 1024:65535 -j ACCEPT",
        "-d 172.18.0.2 -j ACCEPT",
        "-s 172.18.0.2 -p tcp -m tcp --dport 443 -j ACCEPT",
    )
    assert "front" not in things(guarded)
    assert "web:8080" not in things(guarded)


@every_host
def test_a_port_that_is_not_translated_or_led_elsewhere_is_told_as_that(host: Host) -> None:
    dropping = host.inserted(host.forward(), "-j DROP")
    assert "web:8080" not in things(dropping.without(host.entry(), "-p tcp --dport 8080"))
    elsewhere = "-p tcp -m tcp --dport 8080 -j DNAT --to-destination 192.0.2.99:80"
    away = dropping.without(host.entry(), "-p tcp --dport 8080").inserted(host.entry(), elsewhere)
    assert "web:8080" not in things(away)


@every_host
def test_a_network_without_a_live_endpoint_and_an_internal_one_send_nothing(host: Host) -> None:
    empty = host.with_inventory(network("empty", subnet="172.30.0.0/16")).inserted(host.forward(), "-j DROP")
    assert things(empty) == ALL


def test_of_two_networks_the_one_that_a_port_is_led_to_counts() -> None:
    """The rules of the other let nothing through, and need not."""
    two = published(connect(run("two", network="quiet", ip="172.20.0.9"), "open", ip="172.21.0.9"), "9000:80")
    to_open = "! -i br-open -p tcp -m tcp --dport 9000 -j DNAT --to-destination 172.21.0.9:80"
    led = OLD.with_inventory(two).inserted(OLD.entry(), to_open)
    accepts = "-d 172.21.0.9 ! -i br-open -o br-open -p tcp -m tcp --dport 80 -j ACCEPT"
    assert [about(found) for found in check(led.scene())] == [port("FORWARD", 9000, container="two", network="open")]
    assert list(check(led.inserted(("ip", "filter", "DOCKER"), accepts).scene())) == []
