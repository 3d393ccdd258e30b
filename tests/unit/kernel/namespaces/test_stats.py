"""Statistics of namespaces as kernels write them, and whose process is believed."""

from pathlib import Path

import pytest

from exporter.core.traffic.tcp_udp_ledger import NamespaceStats
from exporter.errors import SourceError
from exporter.kernel.namespaces.stats import REREAD_SECONDS, parse_namespace_stats, read_namespace_stats
from tests.support.kernel.captured import CAPTURES
from tests.support.kernel.proc_files import NETSTAT, SNMP

WEB, PID = "web-id", 4711

STATS = NamespaceStats(
    pid=PID,
    tcp_established=3,
    retransmitted_segments=227,
    segments_sent=54915039,
    listen_overflows=40,
    listen_drops=41,
    resets_sent=1003,
    timeouts=115,
    udp_receive_buffer_errors=16,
)

# Linux 3.2: no checksum errors in its snmp, and columns that later kernels dropped in front of the wanted ones.
OLD_SNMP = (
    SNMP.replace(" InCsumErrors IgnoredMulti MemErrors", "")
    .replace(" InCsumErrors", "")
    .replace("1003 0\n", "1003\n")
    .replace("16 0 1 0 0\n", "16 0\n")
)
OLD_NETSTAT = """\
TcpExt: SyncookiesSent TCPLoss PAWSPassive PAWSActive DelayedACKLost ListenOverflows ListenDrops TCPPrequeued \
TCPDirectCopyFromBacklog TCPFACKReorder TCPForwardRetrans TCPSlowStartRetrans TCPTimeouts TCPSchedulerFailed
TcpExt: 1 2 3 4 5 40 41 6 7 8 9 10 115 11
"""


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """One process of the container."""
    folder = tmp_path / str(PID)
    (folder / "net").mkdir(parents=True)
    (folder / "cgroup").write_text(f"1:pids:/docker/{WEB}\n0::/system.slice/docker-{WEB}.scope\n")
    (folder / "net/snmp").write_text(SNMP)
    (folder / "net/netstat").write_text(NETSTAT)
    return tmp_path


def parsed(snmp: str = SNMP, netstat: str = NETSTAT) -> NamespaceStats:
    return parse_namespace_stats(PID, snmp.encode(), netstat.encode())


def test_values_are_found_by_their_names() -> None:
    assert parsed() == STATS


def test_columns_that_stand_elsewhere_on_another_kernel_are_the_same_values() -> None:
    assert "CsumErrors" not in OLD_SNMP
    assert parsed(OLD_SNMP, OLD_NETSTAT) == STATS


def test_two_kernels_columns_are_not_taken_for_each_others() -> None:
    for _ in range(2):
        assert parsed(SNMP, OLD_NETSTAT) == parsed(OLD_SNMP, NETSTAT) == STATS


def test_what_linux_6_18_wrote_is_understood() -> None:
    """A namespace with 12 connections to a listener with room for two, 3 to nobody, 20 datagrams to a full socket."""
    found = parse_namespace_stats(
        1, (CAPTURES / "snmp-6.18.txt").read_bytes(), (CAPTURES / "netstat-6.18.txt").read_bytes()
    )
    assert found == NamespaceStats(
        pid=1,
        tcp_established=4,
        retransmitted_segments=20,
        segments_sent=22,
        listen_overflows=30,
        listen_drops=30,
        resets_sent=3,
        timeouts=20,
        udp_receive_buffer_errors=19,
    )


@pytest.mark.parametrize(
    ("snmp", "netstat"),
    [
        (SNMP, NETSTAT.replace("ListenDrops", "SomethingElse")),
        (SNMP, NETSTAT.replace("TcpExt", "MPTcpExt")),
        (SNMP.replace("\nUdp: ", "\nUdp6: "), NETSTAT),
        (SNMP.partition("227")[0], NETSTAT),
        (SNMP.replace("227", "many"), NETSTAT),
        ("", NETSTAT),
        (SNMP, "TcpExt: "),
    ],
)
def test_a_value_that_is_missing_is_no_zero(snmp: str, netstat: str) -> None:
    with pytest.raises(SourceError, match="unknown_format"):
        parsed(snmp, netstat)


def test_a_container_is_read_by_way_of_its_process(proc: Path) -> None:
    found = read_namespace_stats(proc, WEB, PID)
    assert found is not None
    assert found.stats == STATS


def test_netstat_is_read_again_after_a_segment_and_each_minute(proc: Path) -> None:
    folder = proc / f"{PID}/net"
    first = read_namespace_stats(proc, WEB, PID, now=100.0)
    assert first is not None
    (folder / "netstat").write_text(NETSTAT.replace(" 115 ", " 116 "))
    soon, late = 100.0 + REREAD_SECONDS - 1, 100.0 + REREAD_SECONDS
    assert read_namespace_stats(proc, WEB, PID, known=first, now=soon) is first
    minute = read_namespace_stats(proc, WEB, PID, known=first, now=late)
    (folder / "snmp").write_text(SNMP.replace("54915039", "54915040"))
    segment = read_namespace_stats(proc, WEB, PID, known=first, now=soon)
    assert minute is not None
    assert segment is not None
    assert (minute.stats.timeouts, segment.stats.timeouts) == (116, 116)
    assert segment.stats.segments_sent == 54915040


def test_the_process_of_somebody_else_is_not_believed(proc: Path) -> None:
    assert read_namespace_stats(proc, "db-id", PID) is None


def test_a_process_that_is_gone_is_no_error(proc: Path) -> None:
    assert read_namespace_stats(proc, WEB, 4712) is None


def test_a_process_that_ends_between_two_files_is_no_error(proc: Path) -> None:
    (proc / f"{PID}/net/netstat").unlink()
    assert read_namespace_stats(proc, WEB, PID) is None


def test_a_namespace_that_is_not_to_be_read_is_nobodys(proc: Path) -> None:
    """A container's process that has entered the host's network has no statistics of its own."""
    shared = (proc / f"{PID}/net/snmp").stat().st_ino
    assert read_namespace_stats(proc, WEB, PID, not_namespace=shared) is None
    assert read_namespace_stats(proc, WEB, PID, not_namespace=shared + 1) is not None


def test_whose_process_it_is_is_read_again_in_another_namespace(proc: Path) -> None:
    first = read_namespace_stats(proc, WEB, PID)
    (proc / f"{PID}/cgroup").write_text("0::/user.slice\n")
    assert first is not None
    assert read_namespace_stats(proc, WEB, PID, known=first) is first
    other = proc / f"{PID}/net/snmp.other"
    other.write_text(SNMP)
    other.rename(proc / f"{PID}/net/snmp")
    assert read_namespace_stats(proc, WEB, PID, known=first) is None


def test_what_may_not_be_read_is_an_error(proc: Path) -> None:
    (proc / f"{PID}/net/snmp").unlink()
    (proc / f"{PID}/net/snmp").mkdir()
    with pytest.raises(IsADirectoryError):
        read_namespace_stats(proc, WEB, PID)


def test_nothing_stays_open(proc: Path) -> None:
    """An open file of a namespace keeps it alive after its container."""
    before = list(Path("/proc/self/fd").iterdir())
    read_namespace_stats(proc, WEB, PID)
    read_namespace_stats(proc, WEB, 4712)
    assert list(Path("/proc/self/fd").iterdir()) == before
