"""Rules that neither drop nor translate a packet and end its way all the same; a real connection is the judge."""

import pytest

from exporter.core.nat.address_numbers import number_of
from tests.support.kernel.own_namespace import ip
from tests.support.kernel.walk_lab import Lab, arrives

pytestmark = pytest.mark.live

MANGLE = "table ip t {{ chain c {{ type filter hook prerouting priority {}; {} ; }}; }}"
# The connection is dead, and the walk names what may be the reason.
DEAD = {
    "TTL": "iptables -t mangle -I PREROUTING -i eth0 -j TTL --ttl-set 1",
    "TTL decreased": "iptables -t mangle -I PREROUTING -i eth0 -j TTL --ttl-dec 63",
    "TTL by nft": MANGLE.format(-150, 'iifname "eth0" ip ttl set 1'),
    "TTL by nft, inet": MANGLE.format(-150, 'iifname "eth0" ip ttl set 1').replace("table ip", "table inet"),
    "zone": "iptables -t raw -I PREROUTING -i eth0 -j CT --zone 5",
    "zone by nft": MANGLE.format(-300, 'iifname "eth0" ct zone set 5'),
    "legacy TTL": "iptables-legacy -t mangle -I PREROUTING -i eth0 -j TTL --ttl-set 1",
    "legacy zone": "iptables-legacy -t raw -I PREROUTING -i eth0 -j CT --zone 5",
    "legacy queue": "iptables-legacy -I FORWARD -o docker0 -j NFQUEUE --queue-num 7",
    "queue": "iptables -I FORWARD -o docker0 -j NFQUEUE --queue-num 7",
    "NETMAP": "iptables -t nat -I PREROUTING -d 192.0.2.0/24 -j NETMAP --to 10.42.0.0/24",
    "only IPsec": "iptables -I FORWARD -m policy --dir in --pol none -o docker0 -j DROP",
    "port by nft": MANGLE.format(-310, "tcp dport 8080 tcp dport set 81"),
    "TPROXY": "iptables -t mangle -I PREROUTING -p tcp --dport 8080 -j TPROXY --on-port 3129 --tproxy-mark 1",
}
ALIVE = {
    "TTL of 64": "iptables -t mangle -I PREROUTING -i eth0 -j TTL --ttl-set 64",
    "TTL increased": "iptables -t mangle -I PREROUTING -j TTL --ttl-inc 1",
    "TTL of 64 by nft": MANGLE.format(-150, "ip ttl set 64"),
    "legacy TTL of 64": "iptables-legacy -t mangle -I PREROUTING -i eth0 -j TTL --ttl-set 64",
    "traffic class by nft": MANGLE.format(-150, "ip dscp set cs1"),
    "helper": "iptables -t raw -I PREROUTING -p tcp --dport 21 -j CT --helper ftp",
    "shaping": "iptables -t mangle -A POSTROUTING -o eth0 -j CLASSIFY --set-class 1:10",
    "sockets": "iptables -t mangle -I PREROUTING -p tcp -m socket -j ACCEPT",
    "incoming masqueraded": "iptables -t nat -I POSTROUTING -o docker0 -j MASQUERADE",
}
UNTRACKED = {
    "legacy": "iptables-legacy -t raw -I PREROUTING -i docker0 -j CT --notrack",
    "iptables": "iptables -t raw -I PREROUTING -i docker0 -j CT --notrack",
    "nft": MANGLE.format(-300, 'iifname "docker0" notrack'),
}


@pytest.mark.parametrize("name", DEAD)
def test_what_ends_a_packets_way_is_named(host: Lab, name: str) -> None:
    host.with_rules(DEAD[name])
    assert not host.connects()
    assert host.way_in().unclear


@pytest.mark.parametrize("name", ALIVE)
def test_what_leaves_it_alone_is_not(host: Lab, name: str) -> None:
    host.with_rules(ALIVE[name])
    assert host.connects()
    way = host.way_in()
    assert arrives(way)
    assert not way.unclear


@pytest.mark.parametrize("name", UNTRACKED)
def test_answers_that_are_not_tracked_are_not_translated_back(host: Lab, name: str) -> None:
    host.with_rules(UNTRACKED[name])
    assert not host.connects()
    assert host.way_in().parts[2].untracked is not None


def test_the_source_that_a_translation_gives_is_known(host: Lab) -> None:
    host.with_rules("iptables -t nat -I POSTROUTING -o docker0 -p tcp --dport 80 -j SNAT --to-source 172.17.0.77")
    assert not host.connects()
    assert host.way_in().parts[1].packet.src == number_of("172.17.0.77")


TUNNEL = "tmpl src 192.0.2.10 dst 192.0.2.99 proto esp mode tunnel"
# A policy of forwarded packets compares the destination before its translation (nf_nat_decode_session).
IPSEC = {
    "block": ("src 0.0.0.0/0 dst 192.0.2.10/32 dir fwd action block", False),
    "block of the container's own address": ("src 0.0.0.0/0 dst 172.17.0.0/16 dir fwd action block", True),
    "no tunnel for the answers": (f"src 172.17.0.0/16 dst 192.0.2.0/24 dir out {TUNNEL}", False),
    "another site": (f"src 192.0.2.0/24 dst 10.200.0.0/16 dir out {TUNNEL}", True),
    "passed as it is": ("src 0.0.0.0/0 dst 192.0.2.10/32 dir fwd action allow", True),
}


@pytest.mark.parametrize(("policy", "works"), IPSEC.values(), ids=IPSEC)
def test_what_ipsec_policies_do_to_published_ports(host: Lab, policy: str, *, works: bool) -> None:
    host.reset()
    ip(f"xfrm policy add {policy}")
    try:
        assert host.connects() is works
    finally:
        ip("xfrm policy flush")
