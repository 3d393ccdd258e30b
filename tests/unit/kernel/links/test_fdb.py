"""Forwarding tables as a kernel writes them."""

import sys

import pytest

from exporter.kernel.links.fdb import (
    LearnedSource,
    parse_learned,
    parse_learned_count,
    read_learned_counts,
)
from exporter.kernel.links.links import IFINFOMSG
from exporter.kernel.netlink.messages import HEADER, attribute
from tests.support.kernel.captured import captured
from tests.support.kernel.messages import RTM_NEWLINK, FakeSocket, always, as_socket, done, reply

RTM_NEWNEIGH = 28

Row = tuple[memoryview, int, int]


def rows() -> list[Row]:
    """The captured table of br-front (ifindex 2) and of vxlan0."""
    return [
        (memoryview(raw), HEADER.size, len(raw))
        for raw in captured("fdb")
        if HEADER.unpack_from(raw)[1] == RTM_NEWNEIGH
    ]


def bridge_link(ifindex: int, learned: int | None) -> bytes:
    """RTM_NEWLINK of a bridge whose kernel tells, or does not, how many addresses it has learned."""
    settings = attribute(5, bytes(4)) + (b"" if learned is None else attribute(48, learned.to_bytes(4, sys.byteorder)))
    about = attribute(1, b"bridge\0") + attribute(2, settings)
    return reply(RTM_NEWLINK, IFINFOMSG.pack(0, 0, 1, ifindex, 0, 0) + attribute(18, about))


def test_of_a_bridges_addresses_only_the_learned_one_counts() -> None:
    """There are a static one, the port's own, and each device's multicast addresses beside it."""
    assert len(rows()) == 13
    assert parse_learned(rows()) == {2: 1}


def test_linux_6_18_counts_itself_what_a_bridge_has_learned() -> None:
    """Among the captured devices is one bridge, which has learned the address of the frames from inside."""
    links = [raw for raw in captured("devices") if HEADER.unpack_from(raw)[1] == RTM_NEWLINK]
    counts = [parse_learned_count(raw, HEADER.size, len(raw)) for raw in links]
    assert [count for count in counts if count is not None] == [1]
    assert len(counts) > 3


@pytest.mark.parametrize(
    ("answers", "counts"),
    [
        ([bridge_link(3, 12), bridge_link(4, 0)], {3: 12, 4: 0}),
        ([bridge_link(3, 12), bridge_link(4, None)], None),
        ([], {}),
    ],
)
def test_a_bridge_without_a_count_is_one_of_an_older_kernel(
    answers: list[bytes], counts: dict[int, int] | None
) -> None:
    sock = FakeSocket(always(b"".join(answers) + done()))
    assert read_learned_counts(as_socket(sock)) == counts


def test_an_older_kernel_is_asked_for_its_rows() -> None:
    table = b"".join(raw for raw in captured("fdb"))
    sock = FakeSocket(always(bridge_link(2, None) + done()), always(table))
    source = LearnedSource(as_socket(sock))
    assert source.read() == {2: 1}


def test_a_table_without_rows_has_nothing_learned() -> None:
    assert parse_learned([]) == {}
