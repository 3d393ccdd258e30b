"""When each namespace is read, at a clock of the test's own and in a /proc of the test's own."""

import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from exporter.core.model.docker import Container
from exporter.core.traffic.tcp_udp_ledger import NamespaceStats
from exporter.kernel.namespaces.stats import StatsReading
from exporter.kernel.namespaces.sweep import (
    CATCH_UP_SECONDS,
    RESTS,
    SETTLE_SECONDS,
    SLICE,
    TURN,
    Sweep,
    sweep_statistics,
)
from tests.support.builders import run
from tests.support.kernel.proc_files import NETSTAT, SNMP
from tests.support.waiting import until

INTERVAL = 10.0


class World:
    """Containers, their processes, and a sweep whose time goes on only when told."""

    def __init__(self, proc: Path) -> None:
        self.proc = proc
        self.now = 1000.0
        self.sweep = sweep_statistics(proc, INTERVAL, lambda: self.now)
        self._read, self.sweep._read_container = self.sweep._read_container, self._counted
        self.reads = 0
        self.containers = ()

    def _counted(self, container: Container, known: StatsReading | None) -> StatsReading | None:
        self.reads += 1
        return self._read(container, known)

    @property
    def containers(self) -> tuple[Container, ...]:
        """Those that the engine lists; a change wakes the sweep."""
        return self._containers

    @containers.setter
    def containers(self, containers: tuple[Container, ...]) -> None:
        self._containers = containers
        self.sweep.update(containers)

    def start(self, *names: str, first_pid: int = 100) -> None:
        """Containers come, each with a process."""
        for pid, name in enumerate(names, first_pid + len(self.containers)):
            self.containers += (run(name, pid=pid),)
            self.process(name, pid)

    def process(self, name: str, pid: int, sent: int = 7) -> None:
        """A process of a container whose namespace has sent so many segments."""
        folder = self.proc / str(pid)
        (folder / "net").mkdir(parents=True, exist_ok=True)
        (folder / "cgroup").write_text(f"0::/docker/{name}-id\n")
        (folder / "net/snmp").write_text(SNMP.replace("54915039", str(sent)))
        (folder / "net/netstat").write_text(NETSTAT)

    def end(self, name: str) -> None:
        """A container ends; the engine says so."""
        self.containers = tuple(c for c in self.containers if c.name != name)

    def stats(self) -> dict[str, int]:
        """Container -> segments sent, as last read."""
        return {key.removesuffix("-id"): found.stats.segments_sent for key, found in self.sweep.snapshot()[0].items()}

    def pass_time(self, seconds: float) -> list[tuple[float, int]]:
        """Let the thread's turns come: when each was that read anything, and how many namespaces it read."""
        turns = []
        end = self.now + seconds
        while self.now < end:
            before = self.reads
            pause = self.sweep.step()
            if self.reads > before:
                turns.append((self.now, self.reads - before))
            self.now += max(pause, 0.001)
        return turns


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.sweep.stop()


def names(count: int) -> list[str]:
    return [f"web-{number}" for number in range(count)]


def test_before_anything_is_read_there_is_no_age(world: World) -> None:
    assert world.sweep.snapshot() == ({}, None)
    assert world.sweep.step() == INTERVAL
    assert world.sweep.snapshot() == ({}, None)


def test_a_container_is_read_whole(world: World) -> None:
    world.start("web")
    world.sweep.step()
    found, age = world.sweep.snapshot()
    assert {key: one.stats for key, one in found.items()} == {
        "web-id": NamespaceStats(100, 3, 227, 7, 40, 41, 1003, 115, 16)
    }
    assert age == 0


def test_each_namespace_is_read_once_per_interval(world: World) -> None:
    world.start(*names(3))
    world.pass_time(1)
    assert [fresh for _, fresh in world.pass_time(10 * INTERVAL)] == [3] * 10


def test_many_are_read_in_slices_spread_evenly_over_the_interval(world: World) -> None:
    world.start(*names(4 * SLICE))
    world.pass_time(1)
    turns = world.pass_time(10 * INTERVAL)
    assert {fresh for _, fresh in turns} == {SLICE}
    assert len(turns) == pytest.approx(40, abs=1)
    gaps = {round(later - sooner, 2) for (sooner, _), (later, _) in pairwise(turns)}
    assert gaps == {INTERVAL / 4}


def test_where_readings_are_slow_there_are_fewer_of_them(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.start("web", "db")
    read: list[float] = []

    def slowly(*_: object) -> float:
        world.now += 1.0
        read.append(world.now)
        return world.now

    sweep = Sweep("slow", slowly, INTERVAL, lambda: world.now)
    sweep.update(world.containers)
    while len(read) < 8:
        world.now += sweep.step()
    gaps = {round(later - sooner) for sooner, later in pairwise(read[2::2])}
    assert gaps == {2 * RESTS}


def test_slices_are_of_one_size(world: World) -> None:
    world.start(*names(SLICE + 1))
    world.pass_time(1)
    assert {fresh for _, fresh in world.pass_time(10 * INTERVAL)} == {SLICE // 2 + 1}


@pytest.mark.parametrize("count", [1, SLICE, 4 * SLICE, 5 * SLICE + 1])
def test_no_reading_is_older_than_the_interval_and_a_turn(world: World, count: int) -> None:
    world.start(*names(count))
    world.pass_time(1)
    for _ in range(100):
        world.pass_time(INTERVAL / 20)
        age = world.sweep.snapshot()[1]
        assert age is not None
        assert age <= INTERVAL + 1


def test_the_age_is_that_of_the_oldest(world: World) -> None:
    world.start("old")
    world.sweep.step()
    world.now += 3
    world.start("new")
    world.sweep.step()
    assert world.sweep.snapshot()[1] == 3


def test_a_new_container_is_read_at_the_next_look(world: World) -> None:
    world.start(*names(2 * SLICE))
    world.pass_time(INTERVAL / 3)
    world.start("new")
    world.sweep.step()
    assert "new" in world.stats()


def test_many_new_ones_are_read_within_a_moment_a_slice_at_a_time(world: World) -> None:
    world.start(*names(8 * SLICE))
    turns = world.pass_time(7.5 * CATCH_UP_SECONDS)
    assert [fresh for _, fresh in turns] == [SLICE] * 8
    assert len(world.stats()) == 8 * SLICE


def test_an_ended_container_is_dropped_at_the_next_look(world: World) -> None:
    world.start("web", "db")
    world.sweep.step()
    world.end("web")
    world.sweep.step()
    assert world.stats() == {"db": 7}


def test_a_restarted_container_is_read_anew_by_its_new_process(world: World) -> None:
    world.start("web")
    world.sweep.step()
    world.process("web", 200, sent=1)
    world.containers = (replace(world.containers[0], pid=200),)
    world.sweep.step()
    assert world.sweep.snapshot()[0]["web-id"].stats.pid == 200
    assert world.stats() == {"web": 1}


def test_a_process_that_is_gone_costs_its_container_alone_and_is_no_fault(world: World) -> None:
    world.start("web", "db", "gone")
    (world.proc / "102/cgroup").unlink()
    world.pass_time(1)
    assert world.stats() == {"web": 7, "db": 7}
    assert world.sweep.state().up


def test_a_namespace_that_cannot_be_read_costs_nothing_else_and_is_told(world: World) -> None:
    world.start("web", "broken", "db")
    (world.proc / "101/net/netstat").write_text("something else\n")
    world.pass_time(3 * INTERVAL)
    assert world.stats() == {"web": 7, "db": 7}
    state = world.sweep.state()
    assert (state.name, state.up) == ("namespace_stats", False)
    assert state.error.startswith("unknown_format")
    world.end("broken")
    world.sweep.step()
    assert world.sweep.state().up


def test_a_namespace_that_reads_again_is_no_fault_any_more(world: World) -> None:
    world.start("web")
    (world.proc / "100/net/netstat").write_text("")
    world.pass_time(1)
    assert not world.sweep.state().up
    world.process("web", 100)
    world.pass_time(INTERVAL)
    assert world.sweep.state().up
    assert world.stats() == {"web": 7}


def test_a_container_whose_process_is_not_known_yet_is_waited_for(world: World) -> None:
    world.containers = (run("web"),)
    world.pass_time(1)
    assert world.stats() == {}
    world.process("web", 100)
    world.containers = (run("web", pid=100),)
    world.sweep.step()
    assert world.stats() == {"web": 7}


def test_a_process_in_our_own_namespace_has_nothing_of_its_own(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.start("web")
    (tmp_path / "100/net/snmp").unlink()
    (tmp_path / "100/net/snmp").symlink_to("/proc/thread-self/net/snmp")
    world.sweep.step()
    assert world.stats() == {}


def test_the_thread_reads_and_stops_within_half_a_second(world: World) -> None:
    world.start("web")
    world.sweep.start()
    until(lambda: world.stats() == {"web": 7}, 60, "a reading")
    world.start("db")
    until(lambda: world.stats() == {"web": 7, "db": 7}, 60, "a reading of a new container")
    world.sweep.stop()
    assert "namespace_stats" not in {thread.name for thread in threading.enumerate()}


def test_a_defect_in_one_reading_does_not_end_the_sweep_and_is_not_repeated_at_once(world: World) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("planted")

    sweep: Sweep[None] = Sweep("planted", fail, INTERVAL, lambda: world.now)
    sweep.update((run("web", pid=100),))
    with capture_logs():
        assert sweep.step() == SETTLE_SECONDS


def test_what_is_not_understood_of_one_container_costs_nothing_else() -> None:
    def read(container: Container, _: str | None) -> str:
        return str(int(container.name))

    sweep = Sweep("planted", read, INTERVAL)
    sweep.update((run("web", pid=100), run("1", pid=101)))
    with capture_logs() as logged:
        sweep.step()
    assert list(sweep.snapshot()[0].values()) == ["1"]
    assert not sweep.state().up
    assert [entry["container_id"] for entry in logged] == [run("web").id]


def test_a_reading_is_handed_in_to_the_next_one_of_the_same_life(world: World) -> None:
    handed: list[int | None] = []

    def read(_: Container, known: int | None) -> int:
        handed.append(known)
        return len(handed)

    sweep = Sweep("planted", read, INTERVAL, lambda: world.now)
    for pid in (100, 100, 200):
        sweep.update((run("web", pid=pid),))
        sweep.step()
        world.now += INTERVAL
    assert handed == [None, 1, None]


def test_one_that_was_never_started_can_be_stopped(world: World) -> None:
    world.sweep.stop()


def test_two_sweeps_do_not_read_at_the_same_time(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.start("web")
    sweep = Sweep("other", lambda *_: TURN.locked(), INTERVAL)
    sweep.update(world.containers)
    sweep.step()
    assert sweep.snapshot()[0] == {"web-id": True}
    assert not TURN.locked()


def test_one_that_hangs_delays_the_others_for_a_moment_only(world: World) -> None:
    world.start("web")
    with TURN:
        world.sweep.step()
    assert world.stats() == {"web": 7}
