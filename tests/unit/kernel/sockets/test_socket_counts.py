"""How many sockets a namespace has: recorded files of /proc."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from exporter.kernel.sockets import socket_counts
from exporter.kernel.sockets.namespace_sockets import NamespaceReading
from exporter.kernel.sockets.socket_counts import (
    REREAD_SECONDS,
    CountedReading,
    parse_socket_counts,
    read_counted,
    read_socket_counts,
)
from tests.support.builders import run

# Linux 6.18.
SOCKSTAT = (
    "sockets: used 103\nTCP: inuse 3 orphan 0 tw 9 alloc 40 mem 40\nUDP: inuse 2 mem 0\nUDPLITE: inuse 7\n"
    "RAW: inuse 1\nFRAG: inuse 0 memory 0\n"
)
SOCKSTAT6 = "TCP6: inuse 5\nUDP6: inuse 4\nUDPLITE6: inuse 7\nRAW6: inuse 1\nFRAG6: inuse 0 memory 0\n"
CONTAINER = run("web", container_id="c3" * 32, pid=8)


class Readings:
    """In place of reading a namespace: counts how often, and returns equal readings."""

    def __init__(self) -> None:
        self.made = 0
        self.answer: NamespaceReading | None = NamespaceReading(())

    def read(self, *_: object) -> NamespaceReading | None:
        """Read it."""
        self.made += 1
        return replace(self.answer) if self.answer else None


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> Readings:
    made = Readings()
    monkeypatch.setattr(socket_counts, "read_namespace_sockets", made.read)
    return made


@pytest.fixture
def procfs(tmp_path: Path) -> Path:
    (tmp_path / "8/net").mkdir(parents=True)
    (tmp_path / "8/net/sockstat").write_text(SOCKSTAT)
    (tmp_path / "8/net/sockstat6").write_text(SOCKSTAT6)
    return tmp_path


def test_the_namespaces_own_numbers_count_and_the_machines_do_not(procfs: Path) -> None:
    assert read_socket_counts(procfs, 8) == parse_socket_counts(SOCKSTAT + SOCKSTAT6) == ("3", "2", "5", "4")
    (procfs / "8/net/sockstat").write_text(SOCKSTAT.replace("alloc 40 mem 40", "alloc 41 mem 42"))
    assert read_socket_counts(procfs, 8) == ("3", "2", "5", "4")


def test_without_ipv6_there_are_two(procfs: Path) -> None:
    (procfs / "8/net/sockstat6").unlink()
    assert read_socket_counts(procfs, 8) == ("3", "2")


def test_a_process_that_is_gone_has_none(procfs: Path) -> None:
    assert read_socket_counts(procfs, 9) is None


def test_as_many_sockets_as_before_are_not_read_again(procfs: Path, readings: Readings) -> None:
    first = read_counted(procfs, CONTAINER, None, 0.0)
    assert read_counted(procfs, CONTAINER, first, REREAD_SECONDS - 1) is first
    assert readings.made == 1


@pytest.mark.parametrize("line", ["TCP: inuse 3", "UDP: inuse 2", "TCP6: inuse 5", "UDP6: inuse 4"])
def test_one_socket_more_is_read(procfs: Path, readings: Readings, line: str) -> None:
    first = read_counted(procfs, CONTAINER, None, 0.0)
    for name in ("8/net/sockstat", "8/net/sockstat6"):
        file = procfs / name
        file.write_text(file.read_text().replace(line, line[:-1] + "6"))
    second = read_counted(procfs, CONTAINER, first, 1.0)
    assert (readings.made, second.read_at) == (2, 1.0)
    assert second.reading is first.reading


def test_a_reading_of_half_a_minute_ago_is_made_again(procfs: Path, readings: Readings) -> None:
    first = read_counted(procfs, CONTAINER, None, 0.0)
    assert read_counted(procfs, CONTAINER, first, REREAD_SECONDS).read_at == REREAD_SECONDS
    assert readings.made == 2


def test_a_namespace_that_could_not_be_seen_or_counted_is_read_each_time(procfs: Path, readings: Readings) -> None:
    uncounted = CountedReading(NamespaceReading(()), None, 0.0)
    (procfs / "8/net/sockstat").rename(procfs / "8/net/hidden")
    assert read_counted(procfs, CONTAINER, uncounted, 1.0) is not uncounted
    (procfs / "8/net/hidden").rename(procfs / "8/net/sockstat")
    readings.answer = None
    unseen = read_counted(procfs, CONTAINER, None, 0.0)
    assert read_counted(procfs, CONTAINER, unseen, 1.0) is not unseen
    assert readings.made == 3
