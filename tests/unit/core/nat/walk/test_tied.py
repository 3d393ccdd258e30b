"""Chains of two backends at one priority: marks of one that the other compares are unknown, in either order."""

import pytest

from exporter.core.nat.address_numbers import number_of
from exporter.core.nat.packet import Inside, Packet
from exporter.core.nat.walk.firewall import FORWARD, PREROUTING, Firewall
from exporter.core.nat.walk.hooks import walk
from tests.support.saved_rules import ruleset

IN = Packet(oif="br-front", dst=number_of("172.18.0.2"), dport=80)
SETS = "*mangle\n:PREROUTING ACCEPT\n-A PREROUTING -p tcp -j MARK --set-xmark 0x7\nCOMMIT"
BY_CHAIN = "*mangle\n:PREROUTING ACCEPT\n:MINE -\n-A PREROUTING -p tcp -j MINE\n-A MINE -j MARK --set-xmark 0x7\nCOMMIT"
DROPS = "*mangle\n:PREROUTING ACCEPT\n-A PREROUTING -m mark --mark 0x7 -j DROP\nCOMMIT"
LATER = "*filter\n:FORWARD ACCEPT\n-A FORWARD -m mark --mark 0x7 -j DROP\nCOMMIT"
OTHERS = "*mangle\n:PREROUTING ACCEPT\n-A PREROUTING -p udp -j DROP\nCOMMIT"
SETS_NAT = "*nat\n:PREROUTING ACCEPT\n-A PREROUTING -p tcp -j MARK --set-xmark 0x7\nCOMMIT"
DNAT = "-p tcp -m mark --mark 0x7 -j DNAT --to-destination 172.18.0.9:80"
LEADS_NAT = f"*nat\n:PREROUTING ACCEPT\n-A PREROUTING {DNAT}\nCOMMIT"


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        (SETS, DROPS, "UNKNOWN"),
        (BY_CHAIN, DROPS, "UNKNOWN"),
        (SETS_NAT, LEADS_NAT, "UNKNOWN"),
        (SETS, LATER, "DROP"),
        (SETS, OTHERS, "ACCEPT"),
        (SETS_NAT, DROPS, "ACCEPT"),
    ],
    ids=["mangle", "in a chain", "nat", "later", "no mark", "earlier"],
)
def test_a_mark_that_the_other_backend_compares(one: str, other: str, verdict: str) -> None:
    for both in ([one, other], [other, one]):
        firewall = Firewall([ruleset(text) for text in both], Inside())
        assert walk(firewall, IN, (PREROUTING, FORWARD)).verdict == verdict


def test_of_one_backend_the_order_is_that_of_the_rules() -> None:
    rules = (
        "*mangle\n:PREROUTING ACCEPT\n-A PREROUTING -j MARK --set-xmark 0x7\n-A PREROUTING -m mark --mark 0x7 -j DROP"
    )
    assert walk(Firewall([ruleset(rules + "\nCOMMIT")], Inside()), IN, (PREROUTING,)).verdict == "DROP"
