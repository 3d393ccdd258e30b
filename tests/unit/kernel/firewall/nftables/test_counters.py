"""Counters that are dumped again: of a kernel that answers as a real one did."""

import errno
import random
from collections.abc import Callable

import pytest

from exporter.kernel.firewall.nftables import counters, reader
from exporter.kernel.firewall.nftables.counters import PACKETS
from exporter.kernel.firewall.nftables.dump import GETRULE, encode_dump
from exporter.kernel.firewall.nftables.reader import NftReader, parse_rule
from exporter.kernel.netlink import client
from exporter.kernel.netlink.messages import HEADER
from tests.support.kernel.captured_rules import BODY, CapturedKernel, captured
from tests.support.kernel.messages import as_socket, done, refusal


class Packed(CapturedKernel):
    """Puts `share` messages of a dump into each datagram; its counters are set by the test."""

    share = 40

    def answer(self, command: int, family: int, names: list[str]) -> list[bytes]:
        """The datagrams of an answer."""
        *objects, end = super().answer(command, family, names)
        packed = (b"".join(objects[at : at + self.share]) for at in range(0, len(objects), self.share))
        return [*packed, end]

    def count(self, seed: int) -> list[int]:
        """Let every rule that counts have counted some packets; return how many, in the order of the rules."""
        numbers, expected = random.Random(seed), []  # noqa: S311  no secret
        for place, raw in enumerate(self.rules):
            read = parse_rule(raw[HEADER.size], raw[BODY:])
            if read.counter_at >= 0:
                at = BODY + read.counter_at
                expected.append(packets := numbers.getrandbits(64))
                self.rules[place] = raw[:at] + PACKETS.pack(packets) + raw[at + PACKETS.size :]
        return expected


@pytest.fixture
def kernel() -> Packed:
    return Packed(captured("docker-20.10"))


@pytest.fixture
def nft(kernel: Packed, monkeypatch: pytest.MonkeyPatch) -> NftReader:
    """A reader that has read the counters alone, too: it knows where they stand."""
    monkeypatch.setattr(reader, "open_socket", lambda: as_socket(kernel))
    made = NftReader()
    for _ in range(2):
        made.read()
    return made


@pytest.fixture
def walked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of the datagrams whose places are looked for."""
    found: list[int] = []
    find_places = counters.find_places

    def noting(datagrams: list[bytes], counters_at: list[int]) -> counters.Places | None:
        found.extend(map(len, datagrams))
        return find_places(datagrams, counters_at)

    monkeypatch.setattr(counters, "find_places", noting)
    return found


@pytest.mark.parametrize("share", [1, 40, 1000])
def test_each_counter_is_found_where_it_stood(kernel: Packed, nft: NftReader, walked: list[int], share: int) -> None:
    kernel.share = share
    nft.read()
    walked.clear()
    for seed in range(3):
        expected = kernel.count(seed)
        assert sorted(nft.read().packets()) == sorted(expected)
    assert walked == []


def test_counters_in_other_datagrams_are_looked_for_again(kernel: Packed, nft: NftReader, walked: list[int]) -> None:
    for share in (39, 41, 3):
        kernel.share = share
        expected = kernel.count(share)
        walked.clear()
        assert sorted(nft.read().packets()) == sorted(expected)
        assert walked
    walked.clear()
    nft.read()
    assert walked == []


def test_rules_that_changed_during_the_dump_are_read_in_full(kernel: Packed, nft: NftReader) -> None:
    """Of a dump of as many bytes, the last message says that the rules are others."""
    answer, before = kernel.answer, nft.last.ruleset

    def changing(command: int, family: int, names: list[str]) -> list[bytes]:
        if command == GETRULE:
            kernel.answer = answer  # type: ignore[method-assign]
            kernel.generation += 1
        return answer(command, family, names)

    kernel.answer = changing  # type: ignore[method-assign]
    assert nft.read().ruleset is not before
    assert nft.last.number == kernel.generation & 0xFFFF


def test_a_rule_less_is_read_in_full(kernel: Packed, nft: NftReader) -> None:
    before = len(nft.last.counted.rules)
    del kernel.rules[-1]
    kernel.generation += 1
    assert len(nft.read().counted.rules) == before - 1


@pytest.mark.parametrize("failure", [lambda: [refusal(errno.EPERM)], lambda: [done(error=errno.EPERM)]])
def test_a_refusal_is_raised_and_the_next_reading_is_right(
    kernel: Packed, nft: NftReader, failure: Callable[[], list[bytes]]
) -> None:
    answer = kernel.answer

    def refusing(command: int, family: int, names: list[str]) -> list[bytes]:
        if command == GETRULE:
            kernel.answer = answer  # type: ignore[method-assign]
            *datagrams, _ = answer(command, family, names)
            return [*datagrams, *failure()]
        return answer(command, family, names)

    kernel.answer = refusing  # type: ignore[method-assign]
    with pytest.raises(PermissionError):
        nft.read()
    expected = kernel.count(1)
    assert sorted(nft.read().packets()) == sorted(expected)


def test_late_answers_to_an_earlier_request_are_no_part_of_the_dump(kernel: Packed, nft: NftReader) -> None:
    expected = kernel.count(5)
    late = kernel.answer(GETRULE, 2, ["nat"])
    answer = kernel.answer

    def behind(command: int, family: int, names: list[str]) -> list[bytes]:
        if command == GETRULE:
            kernel.answer = answer  # type: ignore[method-assign]
            kernel._waiting += late  # of a request with another number
        return answer(command, family, names)

    kernel.answer = behind  # type: ignore[method-assign]
    for _ in range(2):
        assert sorted(nft.read().packets()) == sorted(expected)


def test_an_error_that_is_as_long_as_the_end_is_no_end() -> None:
    kernel = Packed(captured("docker-20.10"))
    sock = as_socket(kernel)
    request = encode_dump(GETRULE, 2, "nat")
    sizes = [len(data) for data in client.dump_again(sock, request, ())]
    assert [len(data) for data in client.dump_again(sock, request, sizes)] == sizes
    kernel.answer = lambda *_: [refusal(errno.EPERM)]  # type: ignore[method-assign]
    with pytest.raises(PermissionError):
        client.dump_again(sock, request, [len(refusal(errno.EPERM))])
