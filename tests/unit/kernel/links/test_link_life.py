"""A whole life of a container's veth, as a real kernel told it."""

import itertools

from exporter.core.model.kernel_sample import TX_DROPPED
from exporter.kernel.links.links import LinkMessage, parse_link
from exporter.kernel.links.table import LinkTable
from exporter.kernel.netlink.messages import HEADER
from exporter.kernel.netlink.nsid import parse_nsid
from tests.support.builders import row
from tests.support.kernel.captured import captured
from tests.support.kernel.messages import RTM_DELLINK, RTM_NEWLINK, RTM_NEWNSID

VETH, CONTAINER_END = 3, 4


def heard() -> list[LinkMessage]:
    """The messages about a device, without the bridge's copies."""
    found = []
    for raw in captured("life"):
        kind = HEADER.unpack_from(raw)[1]
        if kind in (RTM_NEWLINK, RTM_DELLINK):
            message = parse_link(kind, memoryview(raw), HEADER.size, len(raw))
            if message is not None:
                found.append(message)
    return found


def lived() -> tuple[LinkTable, list[tuple[int | None, int]]]:
    """The table after the whole life, and the (nsid, peer) that the host's end had, one after the other."""
    table = LinkTable()
    marks = []
    for message in heard():
        table.apply(message)
        if link := table.links.get(VETH):
            marks.append((link.peer_nsid, link.peer_ifindex))
    return table, [mark for mark, _ in itertools.groupby(marks)]


def test_what_was_sent_and_received_is_in_the_final_counters_to_the_byte() -> None:
    """Ten frames of 100 bytes were sent inside, three of 1000 bytes came in."""
    table, _ = lived()
    (end,) = table.take_ended()
    assert end.stats[:5] == row(VETH, rx=(1000, 10), tx=(3000, 3))[:5]


def test_drops_mean_the_same_at_the_end_as_before() -> None:
    """What the container's stack drops is no drop of the host's end: only packets and bytes are the same on both."""
    alive = [message.stats for message in heard() if message.link.ifindex == VETH and message.stats]
    table, _ = lived()
    (end,) = table.take_ended()
    assert end.stats[TX_DROPPED] == max(stats[TX_DROPPED] for stats in alive)


def test_the_owner_is_known_at_the_end_although_the_last_message_no_longer_names_it() -> None:
    table, _ = lived()
    (end,) = table.take_ended()
    assert (end.link.name, end.link.peer_nsid, end.link.peer_ifindex, end.link.master_ifindex) == ("veth-web", 0, 4, 2)
    assert end.peer_mac == "02:42:ac:12:00:02"
    assert [link.peer_nsid for link in (m.link for m in heard() if m.deleted) if link.ifindex == VETH] == [None]


def test_the_peer_is_ours_then_in_the_container_then_gone() -> None:
    _, marks = lived()
    assert marks == [(None, 0), (None, CONTAINER_END), (0, CONTAINER_END), (None, 0)]


def test_only_the_bridge_is_left() -> None:
    table, _ = lived()
    assert [link.name for link in table.links.values()] == ["br-front"]


def test_the_namespace_got_its_number_when_the_device_moved_there() -> None:
    nsids = [
        parse_nsid(memoryview(raw), HEADER.size, len(raw))
        for raw in captured("life")
        if HEADER.unpack_from(raw)[1] == RTM_NEWNSID
    ]
    assert nsids == [0]


def test_replaying_the_end_twice_ends_nothing_twice() -> None:
    table, _ = lived()
    ends = table.take_ended()
    for message in heard():
        if message.deleted:
            table.apply(message)
    assert (len(ends), table.take_ended()) == (1, [])
