"""Marks that chains of the families netdev and bridge set, and those of other chains compare."""

import pytest

from exporter.core.nat.packet import UNKNOWN, Mark, Packet
from exporter.core.nat.ruleset import Base
from exporter.core.nat.walk.marks import ANY, joined
from tests.support.nat_hosts import NEW

DROPS = Base("forward", "ACCEPT", "filter", 10)
BRIDGED = Base("input", "ACCEPT", "filter", 0)
INGRESS = Base("ingress", "ACCEPT", "filter", 0, ("eth0",))


@pytest.mark.parametrize(
    ("family", "base", "mark", "unclear"),
    [
        ("bridge", BRIDGED, "0x4d", True),
        ("netdev", INGRESS, "0x4d", True),
        ("bridge", BRIDGED, "0x4e", False),
    ],
)
def test_a_mark_of_another_family_may_decide(family: str, base: Base, mark: str, *, unclear: bool) -> None:
    host = NEW.with_table(("ip", "t", "drops"), DROPS, "-m mark --mark 0x4d -j DROP")
    host = host.with_table((family, "u", "marks"), base, f"-j MARK --set-xmark {mark}/0xffffffff")
    context = host.scene()
    [found] = [b for b in context.expected.bindings if (b.protocol, b.host_port, b.family) == ("tcp", 8080, "ip")]
    way = context.way(found)
    assert (way.end is None, bool(way.unclear)) == (True, unclear)


def test_either_mark_may_apply() -> None:
    one, other = Packet(mark=Mark((1,))), Packet(mark=Mark((2,)))
    assert joined(one, other).mark == Mark((1, 2), UNKNOWN)
    assert joined(one, one) == one
    assert joined(one, Packet(mark=ANY)).mark == ANY
