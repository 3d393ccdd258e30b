"""Messages whose bytes are not what they were: refused in a known way, or told as they stand and nothing beyond."""

import struct
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.kernel.conntrack.table import parse_statistics
from exporter.kernel.links.links import IFLA_LINKINFO, IFLA_MTU, LinkMessage
from exporter.kernel.links.table import LinkTable
from exporter.kernel.netlink.client import ask
from exporter.kernel.netlink.messages import ATTRIBUTE, HEADER, MalformedError, attribute
from tests.support.kernel.captured_links import LINK_MESSAGES
from tests.support.kernel.damaged import DECODERS, damages, parts
from tests.support.kernel.messages import FakeSocket, always, as_socket, reply
from tests.support.kernel.proc_files import STATISTICS

NOTHING = {0, "", None}
WALKED = [name for name in DECODERS if name != "connection"]  # of that one only the begin is read, by a pattern
Damage = Callable[[bytes], bytes]


@pytest.mark.parametrize("name", DECODERS)
@given(st.data(), damages())
@settings(max_examples=250, deadline=None)
def test_a_damaged_message_is_told_or_refused_whatever_stands_after_it(
    name: str, data: st.DataObject, damage: Damage
) -> None:
    """Another message stands there in a datagram: a decoder that reads on would tell its numbers."""
    original = data.draw(st.sampled_from(DECODERS[name].originals))
    raw = damage(original)
    alone = DECODERS[name].told(raw)
    for after in (bytes(400), b"\xee" * 400, original[len(raw) :] + original):
        assert DECODERS[name].told(raw, after) == alone


@pytest.mark.parametrize("name", DECODERS)
def test_of_a_message_that_is_cut_off_nothing_is_told_that_is_not_in_it(name: str) -> None:
    for original in DECODERS[name].originals[:8]:
        whole = parts(DECODERS[name].told(original)) | NOTHING
        for size in range(HEADER.size, len(original)):
            found = DECODERS[name].told(original[:size], b"\xee" * 8)
            assert found is MalformedError or parts(found) <= whole, (size, found)


def walked(raw: bytes, start: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """Each attribute's place, the end of what holds it, its length and its type."""
    while start + ATTRIBUTE.size <= end:
        length, kind = ATTRIBUTE.unpack_from(raw, start)
        yield start, end, length, kind & 0x3FFF
        start += (length + 3) & ~3


@pytest.mark.parametrize("name", WALKED)
def test_an_attribute_that_runs_past_the_end_is_refused(name: str) -> None:
    decoder = DECODERS[name]
    refused = 0
    for original in decoder.originals:
        if not decoder.told(original):
            continue  # a row that is not looked into, the bridge's copy of a link
        places = list(walked(original, HEADER.size + decoder.head, len(original)))
        for at, _, length, kind in tuple(places):
            if kind == IFLA_LINKINFO and "link" in name:
                places += walked(original, at + ATTRIBUTE.size, at + length)
        for at, end, _, _ in places:
            for beyond in (1, 2, 5, 400):
                lie = original[:at] + struct.pack("=H", end - at + beyond) + original[at + 2 :]
                assert decoder.told(lie, original) is MalformedError, (at, beyond)
                refused += 1
    assert refused


@pytest.mark.parametrize(
    ("name", "kind"),
    [("link", 4), ("link", 5), ("link", 10), ("link", 23), ("tcp", 11), ("tcp", 21), ("learned", 9), ("nsid", 1)],
)
def test_half_a_number_is_no_number(name: str, kind: int) -> None:
    decoder = DECODERS[name]
    halved = 0
    for original in filter(decoder.told, decoder.originals):
        for at, _, length, found in walked(original, HEADER.size + decoder.head, len(original)):
            if found == kind:
                payload = original[at + ATTRIBUTE.size : at + length]
                short = attribute(kind, payload[: min(len(payload) // 2, 60)])
                assert decoder.told(original[:at] + short + original[at + ((length + 3) & ~3) :]) is MalformedError
                halved += 1
    assert halved


@pytest.mark.parametrize("kind", [2, 3], ids=["an error", "the end"])
@pytest.mark.parametrize("number", [-(1 << 31), -4096, 1, (1 << 31) - 1])
def test_an_end_with_what_is_no_error_number_is_no_answer(kind: int, number: int) -> None:
    answer = reply(kind, struct.pack("=i", number))
    with pytest.raises(MalformedError, match=f"an answer ends with {number}: expected an error number"):
        ask(as_socket(FakeSocket(always(answer))), bytes(16))


@given(st.lists(st.tuples(st.sampled_from(LINK_MESSAGES), damages()), max_size=8))
@settings(max_examples=300, deadline=None)
def test_links_of_damaged_messages_are_those_that_were_told_however_often(told: list[tuple[bytes, Damage]]) -> None:
    table = LinkTable()
    heard: list[LinkMessage] = []
    for original, damage in told:
        name = "ended link" if HEADER.unpack_from(original)[1] == 17 else "link"
        found = DECODERS[name].told(damage(original))
        if isinstance(found, LinkMessage):
            heard.append(found)
            table.apply(found)
            once = dict(table.links), table.generation
            table.apply(found)
            assert (table.links, table.generation) == once
    assert set(table.links.values()) <= {message.link for message in heard}
    counted = {number for message in heard for number in (message.stats or ())}
    for ended in table.drain_ended():
        assert set(ended.stats[1:]) <= counted | {0}


@pytest.mark.parametrize("number", range(len(LINK_MESSAGES)))
def test_a_link_message_that_tells_only_a_part_is_no_link(number: int) -> None:
    """An event of a wireless device is an RTM_NEWLINK that has nothing but a name in it."""
    raw, kept = LINK_MESSAGES[number], b""
    for at, _, length, kind in walked(raw, HEADER.size + DECODERS["link"].head, len(raw)):
        if kind != IFLA_MTU:
            kept += raw[at : at + (length + 3) & ~3]
    assert DECODERS["link"].told(raw[: HEADER.size + DECODERS["link"].head] + kept) is None


def test_statistics_that_end_within_a_line_are_no_statistics() -> None:
    for size in range(1, len(STATISTICS)):
        if not STATISTICS[:size].endswith("\n"):
            with pytest.raises(ValueError, match="end within a line"):
                parse_statistics(STATISTICS[:size])
