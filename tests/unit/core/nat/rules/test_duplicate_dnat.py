"""The same DNAT rule twice."""

from typing import Any

import pytest

from exporter.core.nat.rules.duplicate_dnat import KIND, check
from tests.support.nat_hosts import BOTH_FAMILIES, Host, about, drift, hosts, port

SAME = "! -i br-front -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.18.0.2:80"
every_host = pytest.mark.parametrize("host", hosts(), ids=str)


@every_host
def test_an_ordinary_host_shows_none(host: Host) -> None:
    assert list(check(host.scene())) == []


@every_host
@pytest.mark.parametrize("times", [2, 3])
def test_a_rule_that_stands_there_again_is_told_once(host: Host, times: int, sentence: Any) -> None:
    damaged = host
    for _ in range(times - 1):
        damaged = damaged.inserted(host.entry(), SAME, at=-1)
    assert list(check(damaged.scene())) == [drift(KIND, "warning", port(host.layout.entry), sentence)]


@every_host
def test_the_order_of_its_conditions_says_nothing(host: Host) -> None:
    other = "-p tcp -m tcp --dport 8080 ! -i br-front -j DNAT --to-destination 172.18.0.2:80"
    assert len(list(check(host.inserted(host.entry(), other).scene()))) == 1


@every_host
@pytest.mark.parametrize(
    "rule",
    [
        SAME.replace("! -i br-front ", ""),
        SAME.replace("! -i br-front", "! -i br-front -d 192.0.2.10"),
        SAME.replace(":80", ":81"),
        SAME.replace("8080", "8079"),
    ],
    ids=["device", "address", "target", "port"],
)
def test_one_that_differs_is_another(host: Host, rule: str) -> None:
    assert list(check(host.inserted(host.entry(), rule, at=-1).scene())) == []


@pytest.mark.parametrize("host", BOTH_FAMILIES, ids=str)
def test_a_port_has_one_rule_in_each_family(host: Host) -> None:
    same = "! -s fe80::/10 ! -i br-front -p tcp -m tcp --dport 8080 -j DNAT --to-destination [fd00:18::2]:80"
    [found] = check(host.inserted(host.entry("ip6"), same).scene())
    assert about(found) == port(host.layout.entry, family="ip6")
