"""Rules and counters read from a kernel that answers as a real one did, and from real ones."""

import errno
from collections.abc import Callable, Iterator

import pytest

from exporter.core.nat.ruleset import UNKNOWN, Base
from exporter.kernel.firewall.nftables import reader as reader_module
from exporter.kernel.firewall.nftables.counters import PACKETS
from exporter.kernel.firewall.nftables.dump import GETCHAIN, GETGEN, GETRULE, GETSETELEM, GETTABLE
from exporter.kernel.firewall.nftables.reader import SMALL, NftReader, packets_of, parse_rule
from exporter.kernel.firewall.nftables.sets import parse_jumps
from exporter.kernel.netlink.messages import HEADER, InterruptedDumpError, attribute
from tests.support.kernel.captured_rules import BODY, CapturedKernel, Writer, captured
from tests.support.kernel.messages import FakeSocket, as_socket, done, refusal
from tests.support.kernel.rule_text import said
from tests.support.saved_rules import parse

NewReader = Callable[[FakeSocket], NftReader]


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> NewReader:
    """Makes a reader of a kernel of the test's."""

    def make(kernel: FakeSocket) -> NftReader:
        monkeypatch.setattr(reader_module, "open_socket", lambda: as_socket(kernel))
        return NftReader()

    return make


def asked(kernel: FakeSocket) -> list[int]:
    """The commands of all requests so far, which are forgotten."""
    commands = [HEADER.unpack_from(request)[1] & 0xFF for request in kernel.requests]
    kernel.requests.clear()
    return commands


def hit(kernel: CapturedKernel, chain: str, more: int) -> None:
    """Count packets of every rule of a chain that counts."""
    for place, raw in enumerate(kernel.rules):
        read = parse_rule(raw[HEADER.size], raw[BODY:])
        if read.rule.chain == chain and read.counter_at >= 0:
            at = BODY + read.counter_at
            packets = PACKETS.unpack_from(raw, at)[0] + more
            kernel.rules[place] = raw[:at] + PACKETS.pack(packets) + raw[at + PACKETS.size :]


def without_rules_of(kernel: CapturedKernel, chain: str) -> None:
    """Flush a chain: a new generation."""
    kernel.rules = [raw for raw in kernel.rules if parse_rule(raw[HEADER.size], raw[BODY:]).rule.chain != chain]
    kernel.generation += 1


def test_a_reading_is_what_iptables_save_told(reader: NewReader) -> None:
    capture = captured("docker-28.5")
    found = reader(CapturedKernel(capture)).read()
    for family in ("ip", "ip6"):
        saved = parse(capture.saved(family), family)
        # iptables-save shows base chains that nobody has made.
        there = {place for place in saved.chains if place in found.ruleset.chains}
        assert {place for place in saved.chains if saved.chains[place]} <= there
        for place in there:
            assert list(map(said, found.ruleset.chains[place])) == list(map(said, saved.chains[place]))
            assert found.ruleset.bases.get(place) == saved.bases.get(place)
        told = {(said(rule), count) for rule, count in zip(saved.rules, saved.packets, strict=True)}
        packets = zip(found.counted.rules, found.packets(), strict=True)
        assert {(said(rule), count) for rule, count in packets if rule.family == family} == told


def test_while_no_rule_changes_the_counters_alone_are_read(reader: NewReader) -> None:
    kernel = CapturedKernel(captured("docker-20.10"))
    nft = reader(kernel)
    first = nft.read()
    ruleset, counted, before = first.ruleset, first.counted, first.packets()
    asked(kernel)
    hit(kernel, "DOCKER", 5)
    again = nft.read()
    assert again.ruleset is ruleset
    assert again.counted is counted
    assert asked(kernel) == [GETGEN, GETRULE, GETRULE]
    more = [now - then for now, then in zip(again.packets(), before, strict=True)]
    assert more == [5 if rule.chain == "DOCKER" else 0 for rule in counted.rules]


def test_a_new_generation_is_read_in_full(reader: NewReader) -> None:
    kernel = CapturedKernel(captured("docker-20.10"))
    nft = reader(kernel)
    before = nft.read().ruleset
    without_rules_of(kernel, "DOCKER")
    after = nft.read()
    assert after.ruleset.chains["ip", "nat", "DOCKER"] == ()
    assert after.ruleset.chains["ip", "nat", "POSTROUTING"] == before.chains["ip", "nat", "POSTROUTING"]
    assert after.number == kernel.generation & 0xFFFF
    asked(kernel)
    assert nft.read() is after
    assert asked(kernel) == [GETGEN, GETRULE, GETRULE]


@pytest.mark.parametrize("when", [GETGEN, GETRULE])
def test_a_change_while_the_counters_are_read_is_noticed(reader: NewReader, when: int) -> None:
    kernel = CapturedKernel(captured("docker-20.10"))
    nft = reader(kernel)
    nft.read()
    answer = kernel.answer
    changes = iter([True])

    def changing(command: int, family: int, names: list[str]) -> list[bytes]:
        found = answer(command, family, names)
        if command == when and next(changes, False):
            without_rules_of(kernel, "DOCKER")
        return found

    kernel.answer = changing  # type: ignore[method-assign]
    assert nft.read().ruleset.chains["ip", "nat", "DOCKER"] == ()


def test_chains_of_another_generation_than_the_rules_are_read_again(reader: NewReader) -> None:
    """A policy may have changed in between; who takes that for the last word never looks again."""
    kernel = CapturedKernel(captured("docker-20.10"))
    nft = reader(kernel)
    answer = kernel.answer
    forward = ("ip", "filter", "FORWARD")
    changes = iter([True])

    def changing(command: int, family: int, names: list[str]) -> list[bytes]:
        found = answer(command, family, names)
        if command == GETCHAIN and next(changes, False):
            kernel.generation += 1
            kernel.chains = [raw.replace(attribute(5, b"\0\0\0\0"), attribute(5, b"\0\0\0\1")) for raw in kernel.chains]
        return found

    kernel.answer = changing  # type: ignore[method-assign]
    assert nft.read().ruleset.bases[forward] == Base("forward", "DROP")
    assert nft.read().ruleset.bases[forward] == Base("forward", "ACCEPT")
    asked(kernel)
    nft.read()
    assert asked(kernel) == [GETGEN, GETRULE, GETRULE]


def test_a_map_that_goes_with_its_table_between_two_questions_is_no_failure(reader: NewReader) -> None:
    kernel = CapturedKernel(captured("native"))
    nft = reader(kernel)
    answer = kernel.answer
    gone = iter([True])

    def vanishing(command: int, family: int, names: list[str]) -> list[bytes]:
        if command == GETSETELEM and next(gone, False):
            return [refusal(errno.ENOENT)]
        return answer(command, family, names)

    kernel.answer = vanishing  # type: ignore[method-assign]
    assert len(nft.read().ruleset.maps) == 7
    assert len(nft.read().ruleset.maps) == 8


def test_a_table_that_is_gone_is_read_as_gone(reader: NewReader) -> None:
    kernel = CapturedKernel(captured("native"))
    nft = reader(kernel)
    nft.read()
    kernel.rules, kernel.chains = [], []
    kernel.generation += 1
    found = nft.read()
    assert (dict(found.ruleset.chains), found.packets(), found.number) == ({}, [], kernel.generation & 0xFFFF)
    assert found.whole


def test_a_dump_that_a_writer_interrupts_is_made_again(reader: NewReader) -> None:
    writer = Writer(CapturedKernel(captured("docker-20.10")), 3)
    assert len(reader(writer).read().counted.rules) == 112
    assert asked(writer) == [GETCHAIN] * 4 + [GETRULE, GETTABLE]


def test_a_writer_that_gives_no_peace_is_a_failure_and_the_next_reading_is_not(reader: NewReader) -> None:
    writer = Writer(CapturedKernel(captured("docker-20.10")), 4)
    nft = reader(writer)
    with pytest.raises(InterruptedDumpError):
        nft.read()
    assert len(nft.read().counted.rules) == 112


@pytest.mark.parametrize("answer", [lambda n: [refusal(errno.EPERM, n)], lambda n: [done(n, errno.EPERM)]])
def test_a_refusal_is_told_wherever_the_kernel_says_it(
    reader: NewReader, answer: Callable[[int], Iterator[bytes]]
) -> None:
    with pytest.raises(PermissionError):
        reader(FakeSocket(answer)).read()


def test_late_answers_to_an_earlier_question_are_none_to_this(reader: NewReader) -> None:
    kernel = CapturedKernel(captured("docker-20.10"))
    nft = reader(kernel)
    kernel._waiting += [done(1 << 30), refusal(errno.EPERM, 1 << 30)]
    assert len(nft.read().counted.rules) == 112


def test_large_filter_tables_are_read_when_everything_is_wanted(reader: NewReader) -> None:
    kernel = CapturedKernel(captured("docker-20.10"))
    [example] = [raw for raw in kernel.rules if parse_rule(2, raw[BODY:]).rule.chain == "DOCKER-USER"]
    kernel.rules += [example] * SMALL
    nft = reader(kernel)
    before = nft.read().packets()
    asked(kernel)
    hit(kernel, "DOCKER-USER", 5)
    assert nft.read().packets() == before
    assert asked(kernel) == [GETGEN, GETRULE]
    assert sum(nft.read(everything=True).packets()) == sum(before) + 5 * (SMALL + 1)


COUNTER_NAMED = attribute(1, b"counter\0")


def test_a_set_that_is_called_counter_is_none() -> None:
    """Its name is the same bytes as that of the expression."""
    lookup = attribute(1, attribute(1, b"lookup\0") + attribute(2, COUNTER_NAMED + attribute(2, bytes(4))))
    counter = attribute(
        1, attribute(1, b"counter\0") + attribute(2, attribute(1, bytes(8)) + attribute(2, PACKETS.pack(7)))
    )
    for expressions, packets in ((lookup + counter, 7), (counter + lookup, 7), (lookup, 0)):
        message = attribute(1, b"nat\0") + attribute(2, b"a\0") + attribute(3, bytes(8)) + attribute(4, expressions)
        read = parse_rule(2, message)
        assert packets_of(message, read) == packets
        assert [condition.operator for condition in read.rule.conditions] == [UNKNOWN]


def test_a_table_that_is_called_counter_is_none() -> None:
    counter = attribute(
        1, attribute(1, b"counter\0") + attribute(2, attribute(1, bytes(8)) + attribute(2, PACKETS.pack(7)))
    )
    message = COUNTER_NAMED + attribute(2, b"a\0") + attribute(3, bytes(8)) + attribute(4, counter)
    assert packets_of(message, parse_rule(2, message)) == 7


def test_a_counters_values_make_no_other_rule() -> None:
    capture = captured("docker-20.10")
    kernel = CapturedKernel(capture)
    hit(kernel, "DOCKER", 1 << 40)
    rules = zip(capture.rules(), [(raw[HEADER.size], raw[BODY:]) for raw in kernel.rules], strict=True)
    assert all(parse_rule(*one).rule is parse_rule(*other).rule for one, other in rules)


def elements(name: str, capture: str = "foreign") -> dict[str, str] | None:
    messages = [bytes.fromhex(line)[BODY:] for line in captured(capture).document["elements"][f"ip {name}"]]
    return parse_jumps(messages)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("filter zones", {"eth0": "target", "docker0": "other"}),
        ("filter __map1", {"docker0": "other"}),
        ("filter gone", None),
        ("filter mixed", None),
        ("filter lanes", None),
        ("filter wild", None),
        ("filter trusted", None),
        ("filter pairs", None),
        ("filter __map0", None),
    ],
)
def test_a_map_is_understood_when_devices_jump_to_chains_and_nothing_else(
    name: str, found: dict[str, str] | None
) -> None:
    assert elements(name) == found


def test_the_maps_of_dockers_own_tables_are_understood() -> None:
    assert elements("docker-bridges filter-forward-in-jumps", "native") == {
        bridge: f"filter-forward-in__{bridge}" for bridge in ("docker0", "br-front", "br-back", "br-quiet", "br-open")
    }
    assert parse_jumps([]) == {}
