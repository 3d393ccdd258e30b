"""Whose rules are, and whose their packets."""

import pytest
from msgspec.structs import replace

from exporter.core.nat.attribution import Attribution
from exporter.core.nat.expected import expected
from exporter.core.nat.ledger import DROP, MASQUERADE, PORT, Series
from exporter.core.nat.published_history import PublishedHistory
from exporter.core.nat.ruleset import Rule
from tests.support.builders import run, stop
from tests.support.nat_hosts import NETWORKS, OLD, OWN_TABLES, WEB, Host, host, hosts, published
from tests.support.saved_rules import rule

NAT, FILTER, RAW = ("ip", "nat", "DOCKER"), ("ip", "filter", "DOCKER"), ("ip", "raw", "PREROUTING")
POSTROUTING = ("ip", "nat", "POSTROUTING")
STAGE_1, STAGE_2 = ("ip", "filter", "DOCKER-ISOLATION-STAGE-1"), ("ip", "filter", "DOCKER-ISOLATION-STAGE-2")
TO_WEB = "! -i br-front -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.18.0.2:80"
every_host = pytest.mark.parametrize("host", hosts(), ids=str)


def attribution(known: Host = OLD) -> Attribution:
    history = PublishedHistory()
    history.update_inventory(known.inventory)
    return Attribution(known.expected(), history)


def series(place: tuple[str, str, str], text: str) -> Series | None:
    return attribution().series(rule(place, text))


@pytest.mark.parametrize(
    ("place", "text", "found"),
    [
        (NAT, TO_WEB, (PORT, "web", "tcp", "8080")),
        (NAT, f"-d 192.0.2.10 {TO_WEB}", (PORT, "web", "tcp", "8080")),
        (NAT, TO_WEB.replace("172.18.0.2", "172.17.0.9"), None),
        (NAT, TO_WEB.replace("8080", "9999"), (PORT, "web", "tcp", "9999")),
        (("ip", "nat", "PREROUTING"), TO_WEB, ()),
        (("ip", "nat", "DOCKER-INGRESS"), TO_WEB, ()),
        (NAT, "-p tcp -m tcp --dport 8080:8090 -j DNAT --to-destination 172.18.0.2", ()),
        (NAT, "-j DNAT --to-destination 172.18.0.2:80", ()),
        (POSTROUTING, "-s 172.18.0.0/16 ! -o br-front -j MASQUERADE", (MASQUERADE, "front")),
        (POSTROUTING, "-s 172.18.0.0/16 ! -o br-front -j SNAT --to-source 192.0.2.10", (MASQUERADE, "front")),
        (POSTROUTING, "-s 172.30.0.0/16 ! -o br-gone -j MASQUERADE", None),
        (POSTROUTING, "-s 172.18.0.2/32 -d 172.18.0.2/32 -p tcp -m tcp --dport 80 -j MASQUERADE", ()),
        (POSTROUTING, "-o br-front -m addrtype --src-type LOCAL -j MASQUERADE", ()),
        (POSTROUTING, "-s 10.0.0.0/8 -j MASQUERADE", ()),
        (STAGE_2, "-o br-front -j DROP", (DROP, "front", "isolation")),
        (STAGE_1, "! -s 172.19.0.0/16 -o br-back -j DROP", (DROP, "back", "isolation")),
        (("ip", "filter", "DOCKER-INTERNAL"), "! -d 172.19.0.0/16 -i br-back -j DROP", (DROP, "back", "isolation")),
        (FILTER, "! -i br-front -o br-front -j DROP", (DROP, "front", "unpublished_port")),
        (FILTER, "! -i docker0 -o br-front -j DROP", ()),
        (FILTER, "-o br-front -j DROP", ()),
        (STAGE_2, "-o br-front -j RETURN", ()),
        (("ip", "filter", "DOCKER-USER"), "-i eth0 -j DROP", ()),
        (("ip", "filter", "FORWARD"), "-o br-front -j DROP", ()),
        (RAW, "-d 172.18.0.2/32 ! -i br-front -j DROP", (DROP, "front", "direct_access")),
        (RAW, "-d 172.18.0.2/32 ! -i br-gone -j DROP", (DROP, "front", "direct_access")),
        (RAW, "-s 198.51.100.0/24 -j DROP", ()),
        (NAT, "-i br-front -j RETURN", ()),
    ],
)
def test_packets_of_a_rule_belong_to_one_series(place: tuple[str, str, str], text: str, found: Series | None) -> None:
    assert series(place, text) == found


@pytest.mark.parametrize(
    ("comment", "found"),
    [
        ("UNPUBLISHED PORT DROP", (DROP, "front", "isolation_or_unpublished_port")),
        ("INTERNAL NETWORK EGRESS", (DROP, "front", "isolation")),
        ("DROP DIRECT ACCESS", (DROP, "front", "direct_access")),
        ("ICC", ()),
        ("", ()),
    ],
)
def test_in_dockers_own_tables_a_comment_says_why(comment: str, found: Series) -> None:
    drop = rule(("ip", "docker-bridges", "filter-forward-in__br-front"), "-d 172.18.0.2 ! -i br-front -j DROP")
    assert attribution(OWN_TABLES).series(replace(drop, comment=comment)) == found


def test_the_drop_of_a_networks_chain_is_the_networks() -> None:
    """Its rule names no bridge: it stands in a chain that only packets to the bridge meet."""
    drop = Rule("ip", "docker-bridges", "filter-forward-in__br-front", "DROP", comment="UNPUBLISHED PORT DROP")
    assert attribution(OWN_TABLES).series(drop) == (DROP, "front", "isolation_or_unpublished_port")


@pytest.mark.parametrize(
    ("version", "reason"), [("28.5.2", "unpublished_port"), ("29.1.0", "isolation_or_unpublished_port")]
)
def test_since_29_one_rule_of_iptables_says_both(version: str, reason: str) -> None:
    wanted = expected(host(*NETWORKS, version=version))
    drop = rule(FILTER, "! -i br-front -o br-front -j DROP")
    assert Attribution(wanted, PublishedHistory()).series(drop) == (DROP, "front", reason)


@every_host
def test_every_dnat_rule_and_every_masquerade_of_an_engine_has_its_owner(host: Host) -> None:
    found = attribution(host)
    rules = [one for rules in host.rules.chains.values() for one in rules]
    ports = {found.series(one) for one in rules if one.target == "DNAT"}
    assert ports == {
        (PORT, "web", "tcp", "8080"),
        (PORT, "web", "tcp", "8082"),
        (PORT, "web", "tcp", "8443"),
        (PORT, "dns", "udp", "53"),
        (PORT, "bare", "tcp", "8083"),
    }
    left = {found.series(one) for one in rules if one.target == "MASQUERADE"} - {()}
    assert left == {(MASQUERADE, name) for name in ("bridge", "front", "open")}


def test_a_port_is_who_publishes_it_now_then_who_did() -> None:
    history = PublishedHistory()
    history.update_inventory(OLD.inventory)
    gone = host(*NETWORKS)
    history.update_inventory(gone)
    dnat = rule(NAT, TO_WEB)
    assert Attribution(expected(gone), history).series(dnat) == (PORT, "web", "tcp", "8080")
    heir = host(*NETWORKS, published(run("heir", network="front", ip="172.18.0.2"), "8080:80"))
    assert Attribution(expected(heir), history).series(dnat) == (PORT, "heir", "tcp", "8080")
    other = host(*NETWORKS, published(run("other", network="front", ip="172.18.0.2"), "9090:80"))
    assert Attribution(expected(other), history).series(dnat) == (PORT, "web", "tcp", "8080")


def test_a_port_of_a_container_that_was_not_inspected_yet_is_whose_the_address_is() -> None:
    fresh = host(*NETWORKS, replace(WEB, details=None))
    assert Attribution(expected(fresh), PublishedHistory()).series(rule(NAT, TO_WEB)) == (PORT, "web", "tcp", "8080")
    unknown = host(*NETWORKS, stop(WEB))
    assert Attribution(expected(unknown), PublishedHistory()).series(rule(NAT, TO_WEB)) is None


@pytest.mark.parametrize(
    ("place", "text", "network", "container"),
    [
        (NAT, TO_WEB, "front", "web"),
        (NAT, "-i br-front -j RETURN", "front", ""),
        (POSTROUTING, "-s 172.18.0.0/16 ! -o br-front -j MASQUERADE", "front", ""),
        (POSTROUTING, "-s 172.18.0.2/32 -d 172.18.0.2/32 -p tcp -m tcp --dport 80 -j MASQUERADE", "", "web"),
        (NAT, "-p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.18.0.2:80", "front", "web"),
        (NAT, "-p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.18.0.99:80", "", ""),
        (RAW, "-d 172.18.0.2/32 ! -i br-front -j DROP", "front", "web"),
        (("ip", "nat", "PREROUTING"), "-m addrtype --dst-type LOCAL -j DOCKER", "", ""),
        (POSTROUTING, "-s 172.18.0.0/16 -j MASQUERADE", "", ""),
        (POSTROUTING, "-s 10.0.0.0/8 ! -o eth0 -j MASQUERADE", "", ""),
    ],
)
def test_a_rule_belongs_to_the_network_and_the_container_that_it_names(
    place: tuple[str, str, str], text: str, network: str, container: str
) -> None:
    found, one = attribution(), rule(place, text)
    assert (found.network(one), found.container(one)) == (network, container)
