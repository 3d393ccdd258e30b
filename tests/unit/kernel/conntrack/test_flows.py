"""The connection table: messages of a real kernel, and the real one of a namespace."""

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
from exporter.kernel.conntrack.flows import open_flows, parse_flow, parse_flows, read_flows, read_published
from exporter.kernel.conntrack.sweep import FlowSweep
from exporter.kernel.netlink.messages import HEADER
from tests.support.kernel.captured_nat_hosts import flows as make_flows
from tests.support.kernel.captured_rules import BODY, CAPTURES
from tests.support.kernel.messages import FakeSocket, as_socket, done, refusal, renumbered
from tests.support.waiting import until

MESSAGES = [bytes.fromhex(line) for line in json.loads((CAPTURES / "flows/flows.json").read_text())["flows"]]
SIZES = {2: 4, 10: 16}
PROC = Path("/proc")
# What conntrack -L would tell of the capture; see `told` in it.
EXPECTED = Flows(
    addresses={
        ("icmp", "192.0.2.10"): 1,
        ("udp", "192.0.2.10"): 2,
        ("tcp", "127.0.0.1"): 1,
        ("tcp", "172.18.0.2"): 1,
        ("udp", "172.18.0.2"): 2,
        ("udp", "2001:db8::10"): 1,
        ("udp", "fd00:18::2"): 1,
    },
    published={
        ("tcp", 8080, "172.18.0.2"): 1,
        ("udp", 53, "172.18.0.2"): 1,
        ("udp", 53, "fd00:18::2"): 1,
    },
    direct=frozenset({(54, "192.0.2.10", "192.0.2.10"), (53, "172.18.0.2", "172.18.0.2")}),
)


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


@pytest.mark.live
@pytest.mark.usefixtures("busybox", "namespace")
def test_a_real_table_is_read_as_it_was_made() -> None:
    made = make_flows()
    with open_flows() as sock:
        assert read_flows(sock, frozenset({53, 54})) == EXPECTED
        assert read_flows(sock, frozenset()).direct == frozenset()
        assert read_published(sock) == EXPECTED.published
    for one in made:
        one.close()


@pytest.mark.live
@pytest.mark.usefixtures("busybox", "namespace")
def test_a_sweep_reads_beside_and_says_how_it_went(monkeypatch: pytest.MonkeyPatch) -> None:
    sweep = FlowSweep(PROC)
    assert sweep.snapshot()[0] is None
    made = make_flows()
    sweep.watch_for(frozenset({53, 54}))
    sweep.step()
    found, age = sweep.snapshot()
    assert found == EXPECTED
    assert 0 <= age < 60
    assert sweep.state().up
    with monkeypatch.context() as patch:
        patch.setattr(flow_sweep, "read_flows", _refused)
        sweep.step()  # the whole is not due: what was led elsewhere is read anew
        assert sweep.snapshot()[0] == EXPECTED
        assert sweep.state().up
        sweep.watch_for(frozenset({53, 54, 55}))  # a new one: now it is
        sweep.step()
    assert sweep.snapshot()[0] is None
    assert (sweep.state().up, sweep.state().error) == (False, "[Errno 1] Operation not permitted")
    sweep.start()
    until(lambda: sweep.state().up, 60, "a reading by the thread")
    assert sweep.snapshot()[0] == EXPECTED
    sweep.stop()
    for one in made:
        one.close()


def _refused(*_: object) -> Flows:
    raise PermissionError(1, "Operation not permitted")


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
        raise next(answers, PermissionError(1, "seen again"))

    monkeypatch.setattr(flow_sweep, "read_flows", strange)
    monkeypatch.setattr(flow_sweep, "INTERVAL_SECONDS", 0.01)
    sweep = FlowSweep(tmp_path)
    sweep.start()
    until(lambda: sweep.state().error == "[Errno 1] seen again", 60, "another reading")
    sweep.stop()
