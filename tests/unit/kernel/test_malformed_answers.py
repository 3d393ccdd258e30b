"""Answers that were damaged on their way: one costs its own source, says why, and the next one is read."""

import contextlib
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from exporter.core.model.docker import Inventory
from exporter.core.model.kernel_sample import Devices, KernelSample, SourceState
from exporter.core.topology.overlay import OverlayRows
from exporter.kernel import sampler
from exporter.kernel.conntrack import sweep as flow_sweep
from exporter.kernel.conntrack.flows import read_flows
from exporter.kernel.conntrack.sweep import FlowSweep
from exporter.kernel.links import addresses, stats
from exporter.kernel.links import watcher as link_watch
from exporter.kernel.links.fdb import parse_learned, read_tables
from exporter.kernel.links.links import read_links
from exporter.kernel.links.watcher import LinkWatcher
from exporter.kernel.namespaces import resolver
from exporter.kernel.namespaces.overlay import parse_nodes
from exporter.kernel.namespaces.overlay_sweep import OverlaySweep
from exporter.kernel.netlink.inet_diag import ANY_STATE, question, read_dump
from exporter.kernel.netlink.nsid import ALL_NSIDS, NETNSA_PID, read_nsid
from exporter.kernel.read_source import timed
from exporter.kernel.sampler import KernelSampler
from exporter.kernel.sockets import listeners
from exporter.kernel.sockets.listeners import parse_listeners
from exporter.kernel.sockets.source import PortReader
from tests.support.kernel.captured import captured
from tests.support.kernel.captured_flows import EXPECTED as CONNECTIONS
from tests.support.kernel.captured_flows import MESSAGES as FLOWS
from tests.support.kernel.damaged import TCP, damages
from tests.support.kernel.messages import FakeSocket, FakeWait, Reply, always, as_socket, done, nsid_answer, renumbered
from tests.support.kernel.messages import raw_attribute as lie
from tests.support.kernel.messages import reply as message
from tests.support.kernel.messages import stats_record as counters
from tests.support.waiting import until

Damage = Callable[[bytes], bytes]
UDP_PORTS = frozenset({53, 54})
# How a source asks on a socket, and what a kernel answered in one datagram.
QUESTIONS: dict[str, tuple[Callable[[Any], Any], bytes]] = {
    "nsid": (lambda sock: read_nsid(sock, NETNSA_PID, 1), nsid_answer(7)),
    "links": (read_links, b"".join(captured("devices"))),
    "learned": (lambda sock: parse_learned(read_tables(sock)), b"".join(captured("fdb"))),
    "connections": (lambda sock: read_flows(sock, UDP_PORTS), b"".join(FLOWS) + done()),
    "sockets": (
        lambda sock: parse_listeners(((TCP, read_dump(sock, question(2, TCP, ANY_STATE))),)),
        b"".join(captured("sockets_tcp")),
    ),
}


def damaged(datagram: bytes, damage: Damage) -> Reply:
    return lambda sequence: [damage(renumbered(datagram, sequence))]


@pytest.mark.parametrize("name", QUESTIONS)
@given(damages(keep=0))
@settings(max_examples=150, deadline=None)
def test_a_damaged_answer_is_a_value_or_an_os_error_and_the_next_one_is_right(name: str, damage: Damage) -> None:
    read, datagram = QUESTIONS[name]
    right = read(as_socket(FakeSocket(always(datagram))))
    sock = FakeSocket(damaged(datagram, damage), *[always(datagram)] * 5)  # an interrupted one is asked for again
    with contextlib.suppress(OSError):
        read(as_socket(sock))
    sock._waiting.clear()
    assert repr(read(as_socket(sock))) == repr(right)


@pytest.mark.parametrize("name", QUESTIONS)
@given(st.data())
@settings(max_examples=60, deadline=None)
def test_an_answer_that_is_cut_off_is_no_shorter_answer(name: str, data: st.DataObject) -> None:
    """A dump with a device less in it would end that device."""
    read, datagram = QUESTIONS[name]
    size = data.draw(st.integers(0, len(datagram) - 1))
    end = done() if data.draw(st.booleans()) and size % 4 else b""
    sock = as_socket(FakeSocket(lambda n: [renumbered(datagram, n)[:size], *([renumbered(end, n)] if end else [])]))
    with pytest.raises(OSError, match=r"timed out|no valid message at byte|bytes"):
        read(sock)


class Quiet(FakeSocket):
    """A multicast group that nothing is told to."""

    def recv(self, _: int) -> bytes:
        """There is nothing."""
        raise BlockingIOError


BAD_FDB = always(message(16, bytes(16) + lie(400, 18)) + done())
BAD_NSID = always(message(88, bytes(4), flags=0))
BAD_STATS: Reply = lambda n: [counters(1, 1, sequence=n)[:100], done(n)]  # noqa: E731


def sources(monkeypatch: pytest.MonkeyPatch, procfs: Path, bad: str, stale: str = "") -> dict[str, SourceState]:
    """The states of the sources of a sample of which one had a bad answer."""
    answers = {
        sampler: BAD_FDB if bad == "fdb" else always(done()),
        resolver: BAD_NSID if bad == "links" else always(nsid_answer(-1)),
        stats: BAD_STATS if bad == "link_stats" else lambda n: [done(n)],
    }
    for module, answer in answers.items():
        monkeypatch.setattr(module, "open_socket", lambda *_, answer=answer, **__: FakeSocket(answer))
    monkeypatch.setattr(link_watch, "open_socket", lambda *_, **__: FakeSocket())
    monkeypatch.setattr(link_watch, "SocketWait", FakeWait)
    monkeypatch.setattr(addresses, "open_socket", lambda *_, **__: Quiet())
    monkeypatch.setattr(addresses, "read_addresses", lambda: ([], []))
    (procfs / "sys/net/netfilter").mkdir(parents=True)
    for name in ("nf_conntrack_count", "nf_conntrack_max"):
        (procfs / "sys/net/netfilter" / name).write_text("many\n" if bad == "conntrack" else "12\n")
    found = KernelSampler(procfs, sweep=False, ports=False)
    found._devices._links.stale = stale
    if stale:
        found.devices(())  # what there is can still be had
    taken = found.sample(())
    found._stats._pool.shutdown()
    return {state.name: state for state in taken.sources}


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("fdb", "attribute 18 has 400 bytes where 4 are left"),
        ("links", "an nsid message of 4 bytes without an nsid"),
        ("conntrack", "unknown_format: the connection table's numbers: invalid literal for int"),
        ("link_stats", ""),  # read from /proc/net/dev instead
    ],
)
def test_a_bad_answer_costs_one_source_of_a_sample_and_says_what_it_was(
    bad: str, reason: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    states = sources(monkeypatch, tmp_path, bad)
    assert [name for name, state in states.items() if not state.up] == ([bad] if reason else [])
    assert states[bad].error.startswith(reason)
    assert len(states) == 5


@pytest.mark.parametrize("failure", [KeyError(7), ValueError("half a line"), struct.error("4 bytes")])
def test_what_no_decoder_has_thought_of_costs_its_source(failure: Exception) -> None:
    def read() -> None:
        raise failure

    value, state = timed("fdb", read)
    assert (value, state.up, state.error) == (None, False, f"not understood: {failure!r}")


def test_a_bad_answer_about_sockets_costs_these(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bad = always(message(20, bytes(60)) + done())
    monkeypatch.setattr(listeners, "open_diag_socket", lambda: as_socket(FakeSocket(*[bad] * 4)))
    found = PortReader(tmp_path, tmp_path).add_to(KernelSample(Devices(), [], (), (), 0), Inventory())
    states = {state.name: state for state in found.sources}
    assert states["sockets"].error == "the second half of a socket of 20 bytes, of which the head alone has 32"
    assert found.sockets is None


def test_a_bad_connection_costs_the_connections(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "sys/net/netfilter").mkdir(parents=True)
    (tmp_path / "sys/net/netfilter/nf_conntrack_count").write_text("6\n")
    good = b"".join(FLOWS) + done()
    kernel = FakeSocket(always(good.replace(b"\x14\x00\x01\x80", b"\x14\x00\x09\x80", 1)), always(good))
    monkeypatch.setattr(flow_sweep, "open_flows", lambda: as_socket(kernel))
    sweep = FlowSweep(tmp_path)
    sweep.update_udp_ports(UDP_PORTS)
    sweep.step()
    assert (sweep.snapshot()[0], sweep.state().error) == (None, "a connection whose first tuple is in no known form")
    sweep._full_due = 0.0
    sweep.step()
    assert (sweep.snapshot()[0], sweep.state().up) == (CONNECTIONS, True)


def test_a_bad_row_costs_one_overlay() -> None:
    def read(path: Path) -> OverlayRows:
        body = bytes(12) + lie(8 if path.name == "good" else 7, 1, b"\xc0\0\2\2")
        return OverlayRows(fdb=parse_nodes([(memoryview(body), 0, len(body))]))

    sweep = OverlaySweep(read=read)
    sweep.step({"a": "bad", "b": "good"})
    assert sweep.reading().rows == {"b": OverlayRows(fdb=frozenset({("", "192.0.2.2")}))}
    assert not sweep.reading().complete
    assert [state.error for state in sweep.state()] == ["bad: an address of 3 bytes"]


def following(monkeypatch: pytest.MonkeyPatch, multicast: FakeSocket, dumps: FakeSocket) -> LinkWatcher:
    """A watcher that has begun to follow what these sockets say, and tries again at once."""
    found = iter([multicast, dumps, FakeSocket()])
    monkeypatch.setattr(link_watch, "open_socket", lambda *_, **__: next(found))
    monkeypatch.setattr(link_watch, "SocketWait", FakeWait)
    watcher = LinkWatcher(retry_interval=0.0)
    watcher.start()
    return watcher


def test_bad_messages_of_links_end_no_following(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is heard, and then the dump that was to put things right; and another one after that."""
    devices = b"".join(captured("devices"))
    whole = always(devices)
    multicast, dumps = FakeSocket(), FakeSocket(always(done()), always(devices[:200] + done()), whole, whole)
    multicast._waiting += [captured("life")[0][:-4], message(17, bytes(20))]
    with capture_logs() as logs:
        watcher = following(monkeypatch, multicast, dumps)
        until(lambda: watcher.links()[1], 60, "the devices of the second dump")
        watcher.stop()
    assert {link.name for link in watcher.links()[1].values()} >= {"veth-web", "br-front"}
    assert ALL_NSIDS in watcher.drain_freed()
    told = [entry.get("error", "") for entry in logs if entry["event"] != "link message not understood"]
    assert len(told) == 3
    assert all("bytes" in error or "ifindex" in error for error in told), told


def test_devices_that_could_not_be_read_again_are_old_until_they_can(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing more is heard that would lead to another dump."""
    devices = b"".join(captured("devices"))
    multicast, dumps = FakeSocket(), FakeSocket(always(done()), always(devices[:200] + done()))
    multicast._waiting += [message(17, bytes(20))]
    with capture_logs() as logs:
        watcher = following(monkeypatch, multicast, dumps)
        until(lambda: watcher.stale == "link dump failed: timed out", 60, "more dumps that fail")
        dumps._replies.append(always(devices))
        until(lambda: not watcher.stale, 60, "the dump that does not")
        watcher.stop()
    assert "br-front" in {link.name for link in watcher.links()[1].values()}
    assert len([entry for entry in logs if entry["event"].startswith("link dump failed")]) == 1


def test_devices_that_may_be_old_are_told_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    states = sources(monkeypatch, tmp_path, "", stale="the kernel was busy")
    assert [(name, state.error) for name, state in states.items() if not state.up] == [
        ("links", "stale: the kernel was busy")
    ]
