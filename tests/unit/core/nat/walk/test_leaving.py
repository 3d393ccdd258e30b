"""What chains behind the translation of sources see: answers as the client gets them, masqueraded packets."""

import pytest

from exporter.core.nat.context import NatContext
from exporter.core.nat.expected import ExpectedBinding
from exporter.core.nat.packet import Packet
from exporter.core.nat.ruleset import Base
from exporter.core.nat.walk.hooks import walk
from exporter.core.nat.walk.ways import way_out
from tests.support.nat_hosts import NEW

LATER, EARLIER = ("ip", "t", "later"), ("ip", "t", "earlier")
AFTER = Base("postrouting", "ACCEPT", "filter", 150)
BEFORE = Base("postrouting", "ACCEPT", "filter", 0)
EGRESS = Base("egress", "ACCEPT", "filter", 0, ("eth0",))
TO_CLIENT = "-p tcp -m tcp --sport {} -j DROP"


def binding(context: NatContext, port: int) -> ExpectedBinding:
    """The published port of the host."""
    return next(b for b in context.expected.bindings if (b.protocol, b.host_port) == ("tcp", port))


@pytest.mark.parametrize(
    ("base", "port", "dropped"),
    [(AFTER, 8080, True), (AFTER, 80, False), (BEFORE, 8080, False), (BEFORE, 80, True)],
)
def test_an_answer_has_the_port_that_the_client_connected_to(base: Base, port: int, *, dropped: bool) -> None:
    context = NEW.with_table(LATER, base, TO_CLIENT.format(port)).scene()
    assert (context.way(binding(context, 8080)).end is not None) == dropped


def test_walks_of_answers_to_two_published_ports_are_kept_apart() -> None:
    context = NEW.with_table(LATER, AFTER, TO_CLIENT.format(8080)).scene()
    answer = Packet(protocol="tcp", sport=80, reply=True, state=2 | 128)
    published = [binding(context, 8080).host_port, 8081]
    first = context.firewall, ("postrouting",)
    ends = []
    for port in published:
        packet = answer._replace(original=Packet(dport=port, to_host=True).first_destination)
        ends.append(walk(first[0], packet, first[1]).dropped)
    assert ends == [True, False]


@pytest.mark.parametrize(("port", "unclear"), [(8080, True), (80, False)])
def test_a_chain_at_the_uplinks_egress_sees_the_same(port: int, *, unclear: bool) -> None:
    context = NEW.with_table(("netdev", "t", "out"), EGRESS, TO_CLIENT.format(port)).scene()
    assert bool(context.way(binding(context, 8080)).unclear) == unclear


@pytest.mark.parametrize(("base", "dropped"), [(AFTER, False), (BEFORE, True)])
def test_a_masqueraded_packet_has_an_address_of_the_host(base: Base, *, dropped: bool) -> None:
    context = NEW.with_table(EARLIER, base, "-s 172.18.0.0/16 -j DROP").scene()
    packet = Packet(iif="br-front", src=0xAC120002, dport=443)
    assert (way_out(context.firewall, packet).end is not None) == dropped
