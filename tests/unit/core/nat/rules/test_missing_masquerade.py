"""Networks whose packets leave with their own addresses."""

from typing import Any

import pytest

from exporter.core.nat.rules.missing_masquerade import KIND, check
from exporter.core.nat.ruleset import Base
from tests.support.nat_hosts import BOTH_FAMILIES, Host, about, drift, hosts, subject

every_host = pytest.mark.parametrize("host", hosts(), ids=str)


def damaged(host: Host, family: str = "ip") -> Host:
    """Front's rule deleted."""
    chain = "nat-postrouting-out__br-front" if host.name == "native" else "POSTROUTING"
    subnet = "172.18.0.0/16" if family == "ip" else "fd00:18::/64"
    return host.without(host.layout.nat_place(family, chain), f"-s {subnet} ! -o br-front")


@every_host
def test_an_ordinary_host_shows_none(host: Host) -> None:
    """Neither for the network without masquerade, nor for the internal one."""
    assert list(check(host.scene())) == []


@every_host
def test_a_network_without_its_rule_is_told(host: Host, sentence: Any) -> None:
    about = subject(chain=host.layout.postrouting, network="front")
    assert list(check(damaged(host).scene())) == [drift(KIND, "critical", about, sentence)]


@pytest.mark.parametrize("host", BOTH_FAMILIES, ids=str)
def test_the_families_are_kept_apart(host: Host) -> None:
    [found] = check(damaged(host, "ip6").scene())
    assert about(found) == subject(family="ip6", chain=host.layout.postrouting, network="front")


@every_host
@pytest.mark.parametrize(
    "rule",
    [
        "-s 172.16.0.0/12 -j MASQUERADE",
        "-s 172.18.0.0/16 ! -o br-front -j SNAT --to-source 192.0.2.10",
        "-j MASQUERADE",
        # perhaps
        "-o eth0 -j MASQUERADE",
        "-m limit --limit 1/sec -j MASQUERADE",
    ],
)
def test_anybodys_translation_will_do(host: Host, rule: str) -> None:
    place = host.layout.nat_place("ip", host.layout.postrouting)
    assert list(check(damaged(host).inserted(place, rule).scene())) == []


@every_host
def test_one_in_a_base_chain_of_another_table_too(host: Host) -> None:
    other = damaged(host).with_table(("ip", "mine", "post"), Base("postrouting", "ACCEPT", "nat", 90), "-j MASQUERADE")
    assert list(check(other.scene())) == []


@every_host
@pytest.mark.parametrize(
    "rule",
    [
        "-s 172.19.0.0/16 -j MASQUERADE",
        "-o docker0 -j MASQUERADE",
        "-o eth7 -j MASQUERADE",
        "-m mark --mark 1 -j MASQUERADE",
        "-s 172.18.0.0/16 -j SNAT --to-source 192.0.2.11",
        "-j LOG",
    ],
)
def test_a_translation_of_others_is_none(host: Host, rule: str) -> None:
    place = host.layout.nat_place("ip", host.layout.postrouting)
    assert len(list(check(damaged(host).inserted(place, rule).scene()))) == 1


@every_host
def test_an_address_that_may_be_routed_to_the_host_does_not_alert(host: Host, sentence: Any) -> None:
    """As of a block of addresses that a provider routes to the host: no device needs to have them."""
    place = host.layout.nat_place("ip", host.layout.postrouting)
    pool = host.inserted(place, "-s 172.18.0.0/16 -o eth0 -j SNAT --to-source 203.0.113.9")
    about = subject(chain=host.layout.postrouting, network="front")
    assert list(check(pool.scene())) == [drift(KIND, "info", about, sentence)]


@every_host
def test_a_rule_before_it_that_accepts_takes_the_translation_away(host: Host) -> None:
    place = host.layout.nat_place("ip", host.layout.postrouting)
    kept = host.inserted(place, "-s 172.18.0.0/16 -j ACCEPT")
    assert [found.labels["network"] for found in check(kept.scene())] == ["front"]


@every_host
def test_while_the_chain_is_missing_that_is_told_alone(host: Host) -> None:
    place = host.layout.nat_place("ip", host.layout.postrouting)
    assert list(check(host.without_chain(place).scene())) == []
