"""The connection table: messages of a real kernel."""

import json
import socket
import struct
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.core.nat.flows import Flows
from exporter.kernel.conntrack import flows
from exporter.kernel.conntrack import sweep as flow_sweep
from exporter.kernel.conntrack.flows import parse_flow, parse_flows, read_flows
from exporter.kernel.conntrack.sweep import FlowSweep
from exporter.kernel.netlink.messages import HEADER
from tests.support.kernel.captured_flows import EXPECTED, MESSAGES
from tests.support.kernel.captured_rules import BODY, CAPTURES
from tests.support.kernel.messages import FakeSocket, as_socket, done, refusal, renumbered
from tests.support.waiting import until

SIZES = {2: 4, 10: 16}


def parsed(messages: list[bytes]) -> Counter[flows.Flow]:
    return Counter(parse_flow(raw, BODY, SIZES[raw[HEADER.size]]) for raw in messages)


def read(*answers: bytes, udp_ports: frozenset[int] = frozenset({53, 54})) -> Flows:
    """What a kernel with these answers has."""
    kernel = FakeSocket(lambda n: [renumbered(answer, n) for answer in answers])
    return read_flows(as_socket(kernel), udp_ports)


def test_entries_are_counted_by_both_ends_and_by_where_they_were_led() -> None:
    assert read(b"".join(MESSAGES), done()) == EXPECTED


@pytest.mark.parametrize(("ports", "direct"), [({54}, {54}), ({53}, {53}), (set(), set())])
def test_of_flows_that_were_led_nowhere_only_the_ports_that_were_asked_for_are_told(
    ports: set[int], direct: set[int]
) -> None:
    found = read(*MESSAGES, done(), udp_ports=frozenset(ports))
    assert {port for port, _, _ in found.direct} == direct
    assert found.addresses == EXPECTED.addresses


def test_what_the_capture_holds_is_what_the_kernel_wrote_of_it_in_text() -> None:
    told = json.loads((CAPTURES / "flows/flows.json").read_text())["told"]
    assert parsed(MESSAGES) == Counter(map(told_flow, told))


def told_flow(line: str) -> flows.Flow:
    """A line of nf_conntrack; of the two directions the words of the first come first."""
    words = line.split()
    pairs = [word.split("=") for word in words if "=" in word]
    first, answer = dict(reversed(pairs)), dict(pairs)
    family = socket.AF_INET6 if words[0] == "ipv6" else socket.AF_INET
    source, destination, reply = (
        socket.inet_pton(family, address) for address in (first["src"], first["dst"], answer["src"])
    )
    return int(words[3]), source, destination, int(first.get("dport", 0)), reply


def test_several_entries_alike_are_several() -> None:
    found = read(*MESSAGES, *MESSAGES, done())
    assert found.published == {key: 2 * count for key, count in EXPECTED.published.items()}
    assert found.direct == EXPECTED.direct


def test_one_who_connects_to_himself_has_one_end() -> None:
    flow = (6, b"\x0a\0\0\1", b"\x0a\0\0\1", 80, b"\x0a\0\0\1")
    assert parse_flows(Counter({flow: 1}), frozenset()).addresses == {("tcp", "10.0.0.1"): 1}
    hairpin = (6, b"\xac\x12\0\2", b"\xc0\0\2\x0a", 8080, b"\xac\x12\0\2")
    found = parse_flows(Counter({hairpin: 1}), frozenset())
    assert found.addresses == {("tcp", "172.18.0.2"): 1}
    assert found.published == {("tcp", 8080, "172.18.0.2"): 1}


def test_what_a_container_is_sent_directly_is_its_own() -> None:
    """By the host, or routed to its address."""
    flow = (6, b"\xc0\0\2\x0a", b"\xac\x12\0\2", 80, b"\xac\x12\0\2")
    assert parse_flows(Counter({flow: 3}), frozenset()).addresses == {
        ("tcp", "192.0.2.10"): 3,
        ("tcp", "172.18.0.2"): 3,
    }


def test_a_protocol_without_a_name_is_told_by_its_number() -> None:
    assert parse_flows(Counter({(47, b"\0" * 4, b"\1" * 4, 0, b"\1" * 4): 1}), frozenset()).addresses.keys() == {
        ("47", "0.0.0.0"),
        ("47", "1.1.1.1"),
    }


@pytest.mark.parametrize("answer", [refusal(1), done(error=1)])
def test_a_refusal_is_told_wherever_the_kernel_says_it(answer: bytes) -> None:
    with pytest.raises(PermissionError):
        read(answer)


def test_late_answers_to_an_earlier_question_are_none_to_this() -> None:
    kernel = FakeSocket(lambda n: [*(renumbered(raw, n) for raw in MESSAGES), done(n)])
    kernel._waiting += [renumbered(MESSAGES[0], 1 << 30), done(1 << 30)]
    assert read_flows(as_socket(kernel), frozenset({53, 54})) == EXPECTED


@given(
    st.sampled_from(MESSAGES),
    st.lists(st.tuples(st.integers(0, 1 << 10), st.integers(0, 255)), max_size=5),
    st.integers(0, 1 << 10),
)
@settings(max_examples=1000, deadline=None)
def test_an_entry_in_another_form_is_an_entry_or_fails_in_a_known_way(
    raw: bytes, changes: list[tuple[int, int]], size: int
) -> None:
    changed = bytearray(raw)
    for place, value in changes:
        changed[place % len(changed)] = value
    data = bytes(changed[: max(BODY, size % len(changed))])
    try:
        flow = parse_flow(data, BODY, SIZES[raw[HEADER.size]])
        parse_flows(Counter([flow]), frozenset({53}))
    except (IndexError, ValueError, KeyError, struct.error):
        return
    assert 0 <= flow[3] <= 65535


def test_where_nothing_is_tracked_there_is_nothing(tmp_path: Path) -> None:
    sweep = FlowSweep(tmp_path)
    sweep.step()
    assert sweep.snapshot()[0] == Flows()
    assert sweep.state().up
    sweep._socket.close()


def test_an_entry_in_no_known_form_ends_no_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sys/net/netfilter").mkdir(parents=True)
    (tmp_path / "sys/net/netfilter/nf_conntrack_count").write_text("1")
    answers = iter([IndexError("half an entry")])

    def strange(*_: object) -> Flows:
        raise next(answers, OSError(16, "seen again"))

    monkeypatch.setattr(flow_sweep, "read_flows", strange)
    sweep = FlowSweep(tmp_path, interval=0.01)
    sweep.start()
    until(lambda: sweep.state().error == "[Errno 16] seen again", 60, "another reading")
    sweep.stop()
