"""A table kept current from messages, and what it remembers of veths that end."""

import pytest

from exporter.core.model.docker import Link
from exporter.core.model.kernel_sample import EndedLink, StatsRow
from exporter.kernel.links.links import LinkMessage
from exporter.kernel.links.table import LinkTable
from tests.support.builders import bridge, row, veth

MAC = "02:42:ac:12:00:02"
HOST_END = veth("veth-web", 11, master=3, nsid=1, peer=10)
DETACHED = Link(11, "veth-web", "veth", mtu=1500, master_ifindex=3)
HOST_END_AT_ITS_END = Link(11, "veth-web", "veth", mtu=1500, master_ifindex=3, peer_ifindex=10, peer_nsid=1)
RETURNED = Link(10, "eth-web", "veth", mac_address=MAC, peer_ifindex=11)


@pytest.fixture
def table() -> LinkTable:
    return LinkTable()


def new(link: Link, stats: StatsRow | None = None) -> LinkMessage:
    return LinkMessage(link, deleted=False, moved=False, stats=stats)


def gone(link: Link, stats: StatsRow | None = None, *, moved: bool = False) -> LinkMessage:
    return LinkMessage(link, deleted=True, moved=moved, stats=stats)


def tell(table: LinkTable, *messages: LinkMessage) -> list[EndedLink]:
    for message in messages:
        table.apply(message)
    return table.drain_ended()


def test_a_veth_dies_in_steps_and_the_largest_of_each_counter_is_final(table: LinkTable) -> None:
    """What the host's end received is the peer's count: it reads 0 once the peer is detached."""
    ended = tell(
        table,
        new(bridge("br-front", 3)),
        new(HOST_END, row(11, rx=(100, 1), tx=(50, 5))),
        new(veth("veth-web", 11, master=3, nsid=1, peer=10), row(11, rx=(900, 9), tx=(60, 6))),
        new(RETURNED, row(10, tx=(1000, 10), rx=(60, 6))),
        new(DETACHED, row(11, rx=(0, 0), tx=(70, 7))),
        gone(Link(10, "eth-web", "veth", mac_address=MAC), row(10, tx=(1000, 10), rx=(0, 0))),
        gone(Link(11, "veth-web", "veth"), row(11, rx=(0, 0), tx=(70, 7))),
    )
    assert ended == [EndedLink(HOST_END_AT_ITS_END, row(11, rx=(1000, 10), tx=(70, 7)), "br-front", MAC)]


@pytest.mark.parametrize("missing", range(5))
def test_no_single_message_of_a_death_is_needed_for_what_the_container_sent(table: LinkTable, missing: int) -> None:
    steps = [
        new(HOST_END, row(11, rx=(1000, 10))),
        new(RETURNED, row(10, tx=(1000, 10))),
        new(DETACHED, row(11)),
        gone(Link(10, "eth-web", "veth"), row(10, tx=(1000, 10))),
    ]
    table.apply(new(HOST_END, row(11)))
    ended = tell(table, *[step for place, step in enumerate(steps) if place != missing], gone(DETACHED, row(11)))
    assert [link.stats for link in ended] == [row(11, rx=(1000, 10))]


def test_the_end_of_the_containers_end_is_no_end_of_an_endpoint(table: LinkTable) -> None:
    tell(table, new(HOST_END), new(RETURNED))
    assert tell(table, gone(Link(10, "eth-web", "veth"))) == []


def test_the_move_into_a_container_is_no_end(table: LinkTable) -> None:
    inside_soon = Link(10, "eth-web", "veth", peer_ifindex=11)
    on_its_way = veth("veth-web", 11, master=3, nsid=None, peer=10)
    assert tell(table, new(on_its_way), new(inside_soon), gone(inside_soon, moved=True), new(HOST_END)) == []
    assert table.links == {11: HOST_END}


def test_the_peer_may_have_another_ifindex_when_it_comes_back(table: LinkTable) -> None:
    """Made inside, it was 2 there; 2 here is another device."""
    made_inside = veth("veth-web", 11, master=3, nsid=1, peer=2)
    back = Link(6291, "eth-web", "veth", mac_address=MAC, peer_ifindex=11)
    ended = tell(table, new(made_inside, row(11)), new(back, row(6291, tx=(500, 5))), gone(DETACHED, row(11)))
    assert [(link.link.peer_ifindex, link.stats) for link in ended] == [(2, row(11, rx=(500, 5)))]


def test_ifindex_2_in_many_namespaces_keeps_the_lives_apart(table: LinkTable) -> None:
    one, two = veth("veth-a", 11, master=3, nsid=1, peer=2), veth("veth-b", 12, master=3, nsid=2, peer=2)
    ended = tell(
        table,
        new(one, row(11)),
        new(two, row(12)),
        new(Link(2, "eth0", "", mtu=1500), row(2, tx=(9999, 99), rx=(9999, 99))),
        new(Link(21, "eth-a", "veth", peer_ifindex=11), row(21, tx=(100, 1))),
        new(Link(22, "eth-b", "veth", peer_ifindex=12), row(22, tx=(200, 2))),
        gone(Link(11, "veth-a", "veth"), row(11)),
        gone(Link(12, "veth-b", "veth"), row(12)),
    )
    assert {link.link.peer_nsid: link.stats for link in ended} == {
        1: row(11, rx=(100, 1)),
        2: row(12, rx=(200, 2)),
    }


def test_an_end_is_handed_over_once(table: LinkTable) -> None:
    assert len(tell(table, new(HOST_END), gone(DETACHED))) == 1
    assert table.drain_ended() == []


def test_the_end_of_what_was_never_there_is_nothing(table: LinkTable) -> None:
    assert tell(table, gone(HOST_END, row(11, rx=(5, 5)))) == []
    assert table.generation == 0


def test_a_dump_ends_what_is_missing_with_what_was_heard_last(table: LinkTable) -> None:
    tell(table, new(bridge("br-front", 3)), new(HOST_END), new(HOST_END, row(11, rx=(7, 1))))
    table.replace([new(bridge("br-front", 3))])
    assert table.drain_ended() == [EndedLink(HOST_END, row(11, rx=(7, 1)), "br-front")]
    assert table.links == {3: bridge("br-front", 3)}


def test_only_a_change_of_a_device_is_a_new_generation(table: LinkTable) -> None:
    tell(table, new(HOST_END, row(11)))
    before = table.generation
    tell(table, new(HOST_END, row(11, rx=(5, 5))))
    assert table.generation == before
    tell(table, new(DETACHED, row(11)))
    assert table.generation > before


def test_a_macvlan_on_a_veth_is_not_its_peer(table: LinkTable) -> None:
    guest = Link(20, "guest", "macvlan", peer_ifindex=11)
    ended = tell(table, new(HOST_END, row(11, rx=(10, 1))), new(guest, row(20, tx=(5000, 50))), gone(DETACHED, row(11)))
    assert [link.stats for link in ended] == [row(11, rx=(10, 1))]


def test_the_message_that_tells_of_a_veth_first_counts_too(table: LinkTable) -> None:
    ended = tell(table, new(HOST_END, row(11, rx=(7, 1))), gone(DETACHED, row(11)))
    assert [link.stats for link in ended] == [row(11, rx=(7, 1))]
