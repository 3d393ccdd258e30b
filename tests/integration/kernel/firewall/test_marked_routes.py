"""Policy rules by marks and ports: the lookup with what the walk says of a packet; a real connection is the judge."""

import pytest

from exporter.core.model.fib import RouteQuery, RouteResult
from exporter.core.nat.packet import Packet
from exporter.core.nat.walk.firewall import PREROUTING
from exporter.core.nat.walk.hooks import walk
from exporter.core.nat.walk.ways import answer_to
from exporter.kernel.links.fib import read_result
from exporter.kernel.netlink.client import open_socket
from tests.support.kernel.own_namespace import ip
from tests.support.kernel.walk_lab import CLIENT, PUBLISHED, SERVED, WEB, Lab

pytestmark = pytest.mark.live

AT_UPLINK = "iptables -t mangle -I PREROUTING -i eth0 -p tcp --dport 8080 -j"
AT_BRIDGE = "iptables -t mangle -I PREROUTING -i docker0 -j"
NFT = 'table inet t { chain c { type filter hook prerouting priority -150; iifname "eth0" meta mark set 4; }; }'
NO_MARKS = "true"
# Rules of the firewall, and a policy rule.
DEAD = {
    "mark": (f"{AT_UPLINK} MARK --set-mark 4", "fwmark 4 blackhole"),
    "mark with a mask": (f"{AT_UPLINK} MARK --or-mark 0x10000", "fwmark 0x10000/0xf0000 blackhole"),
    "mark by nft": (NFT, "fwmark 4 unreachable"),
    "mark to an empty way": (f"{AT_UPLINK} MARK --set-mark 4", "fwmark 4 lookup 130"),
    "mark of the answers": (f"{AT_BRIDGE} MARK --set-mark 4", "fwmark 4 prohibit"),
    "mark of the connection": (
        f"{AT_UPLINK} CONNMARK --set-mark 4; {AT_BRIDGE} CONNMARK --restore-mark",
        "fwmark 4 blackhole",
    ),
    "no mark": (NO_MARKS, "not fwmark 4 to 172.17.0.0/16 blackhole"),
    "destination port": (NO_MARKS, "ipproto tcp dport 80 to 172.17.0.0/16 blackhole"),
    "source port": (NO_MARKS, "ipproto tcp sport 80 from 172.17.0.0/16 prohibit"),
}
ALIVE = {
    "mark without a rule": (f"{AT_UPLINK} MARK --set-mark 4", "fwmark 5 blackhole"),
    "rule without a mark": (NO_MARKS, "fwmark 4 blackhole"),
    "mark of other packets": ("iptables -t mangle -I PREROUTING -i br-m -j MARK --set-mark 4", "fwmark 4 blackhole"),
    "other bits": (f"{AT_UPLINK} MARK --or-mark 0x1", "fwmark 0x10000/0xf0000 blackhole"),
    "another port": (NO_MARKS, "ipproto tcp dport 81 to 172.17.0.0/16 blackhole"),
    "the main table": (f"{AT_UPLINK} MARK --set-mark 4", "fwmark 4 lookup main"),
}


@pytest.fixture(scope="module")
def host(host: Lab) -> Lab:
    """The host, with a routing table that has no way."""
    ip("route add blackhole default table 130")
    return host


def routed(host: Lab) -> list[RouteResult]:
    """The route of the packet to the container, and that of its answer."""
    way, devices = host.way_in(), host.inside().devices
    back = answer_to(Packet(dport=PUBLISHED, to_host=True), way.parts[1].packet, way.arrival.packet)
    [there], [home] = way.arrival.packet.mark.values, walk(host.firewall(), back, (PREROUTING,)).packet.mark.values
    queries = (
        RouteQuery(WEB, CLIENT, devices["eth0"], "tcp", SERVED, mark=there),
        RouteQuery(CLIENT, WEB, devices["docker0"], "tcp", source_port=SERVED, mark=home),
    )
    with open_socket() as sock:
        return [read_result(sock, query) for query in queries]


@pytest.mark.parametrize(
    ("rules", "policy", "works"),
    [*((*c, False) for c in DEAD.values()), *((*c, True) for c in ALIVE.values())],
    ids=[*DEAD, *ALIVE],
)
def test_the_lookups_agree_with_a_connection(host: Lab, rules: str, policy: str, *, works: bool) -> None:
    host.with_rules(rules)
    ip(f"rule add pref 100 {policy}")
    try:
        assert host.connects() is works
        assert (not any(result.error for result in routed(host))) is works
    finally:
        ip("rule del pref 100")
