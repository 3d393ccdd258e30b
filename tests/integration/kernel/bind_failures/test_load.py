"""Many refusals: each is counted or counted as lost, and what was loaded is gone with its process."""

import collections
import ctypes
import errno
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from exporter.kernel.bind_failures.attachment import ALL
from exporter.kernel.bind_failures.watcher import BindFailures
from exporter.kernel.bpf.programs import bpf
from tests.support.kernel.bpf_programs import program_id
from tests.support.kernel.refusing import bound, heard, held, loopback, refuse
from tests.support.waiting import until

SYS = Path("/sys")

RATE, SECONDS, PROCESSES = 10_000, 10, 2

# Be refused ports 8000 to 8049 in turn: so many times a second, for so many seconds, in steps of a hundredth.
REFUSED = """
import socket, sys, time
rate, seconds = int(sys.argv[1]), int(sys.argv[2])
ports = [8000 + number % 50 for number in range(rate // 100)]
sock, due = socket.socket(), time.monotonic()
for step in range(seconds * 100):
    for port in ports:
        try:
            sock.bind(("127.0.0.1", port))
        except OSError as error:
            assert error.errno == 98
    due += 0.01
    time.sleep(max(0, due - time.monotonic()))
print(time.process_time())
"""


def test_ten_thousand_refusals_a_second_are_all_told(failures: BindFailures) -> None:
    """They come from two processes on all CPUs, and are read meanwhile."""
    loopback()
    holders = [bound("127.0.0.1", port) for port in range(8000, 8050)]
    command = [sys.executable, "-c", REFUSED, str(RATE // PROCESSES), str(SECONDS)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(PROCESSES)]
    counts = collections.Counter[int]()
    try:
        until(lambda: counted(failures, counts) or all(each.poll() is not None for each in running), 100, "the end")
        cost = [float(each.communicate()[0]) for each in running]
    finally:
        for each in running:
            each.kill()
        for holder in holders:
            holder.close()
    counted(failures, counts)
    assert [each.returncode for each in running] == [0] * PROCESSES
    assert counts.total() + failures.lost() == RATE * SECONDS
    assert set(counts) == set(range(8000, 8050))
    assert max(cost) < SECONDS


def counted(failures: BindFailures, counts: collections.Counter[int]) -> bool:
    """Add what is new; never the end of the waiting."""
    for refused in heard(failures):
        counts[refused.port] += refused.times
    return False


@pytest.fixture
def small(failures: BindFailures) -> BindFailures:
    """One with room for 16 different refusals, of which three quarters are soon taken; the large one is away."""
    failures.close()
    made = BindFailures(SYS, ALL, entries=16, idle_seconds=0)
    made.open()
    loopback()
    return made


def test_what_there_is_no_room_for_is_counted_as_lost(small: BindFailures) -> None:
    with held("0.0.0.0", 8080):
        for number in range(40):
            refuse(f"127.0.0.{number + 1}", 8080)
    told = small.drain()
    assert sum(refused.times for refused in told) + small.lost() == 40
    assert len(told) == 16
    small.close()


def test_when_it_gets_crowded_what_is_not_repeated_makes_room(small: BindFailures) -> None:
    told = []
    with held("0.0.0.0", 8080):
        for number in range(40):
            refuse(f"127.0.0.{number + 1}", 8080)
            if number % 8 == 7:
                told += [refused.address for refused in heard(small)]
        refuse("127.0.0.1", 8080)
        again = [(refused.address, refused.times) for refused in heard(small)]
    assert told == [f"127.0.0.{number + 1}" for number in range(40)]
    assert again == [("127.0.0.1", 1)]
    assert small.lost() == 0
    small.close()


HOLD = """
import sys, time
from pathlib import Path
from exporter.kernel.bind_failures.attachment import ALL
from exporter.kernel.bind_failures.watcher import BindFailures
from tests.support.kernel.bpf_programs import program_id
failures = BindFailures(Path("/sys"), ALL)
failures.open()
print(*(program_id(program) for program in failures._loaded.programs), flush=True)
sys.stdin.read()
"""


class Id(ctypes.Structure):
    """Of BPF_PROG_GET_FD_BY_ID, with room for what a newer kernel may read."""

    _fields_ = (("prog_id", ctypes.c_uint32), ("next_id", ctypes.c_uint32), ("open_flags", ctypes.c_uint32))


BPF_PROG_GET_NEXT_ID, BPF_OBJ_GET_INFO_BY_FD = 11, 15


def loaded_programs() -> set[int]:
    """The numbers of all programs that the kernel has."""
    found = set[int]()
    attribute = Id(0)
    while True:
        try:
            bpf(BPF_PROG_GET_NEXT_ID, attribute)
        except OSError as error:
            if error.errno == errno.ENOENT:
                return found
            raise
        found.add(attribute.next_id)
        attribute.prog_id = attribute.next_id


@pytest.mark.usefixtures("failures")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_of_it_outlives_its_process(number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        programs = {int(text) for text in process.stdout.readline().split()}
        assert len(programs) == 2
        assert programs <= loaded_programs()
        process.send_signal(number)
        process.wait(60)
        until(lambda: programs.isdisjoint(loaded_programs()), 60, "the programs unloaded")


def test_closing_unloads_it(failures: BindFailures) -> None:
    programs = {program_id(program) for program in failures._loaded.programs}
    assert programs <= loaded_programs()
    failures.close()
    until(lambda: programs.isdisjoint(loaded_programs()), 60, "the programs unloaded")
