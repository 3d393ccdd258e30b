"""When overlays are read, and what is known of them between two readings."""

import threading
from pathlib import Path

import pytest

from exporter.core.topology.overlay import OverlayReading, OverlayRows
from exporter.errors import SourceError
from exporter.kernel.namespaces.overlay_sweep import OverlaySweep
from tests.support.waiting import until

LONG = 3600.0
ROWS = OverlayRows({"10.0.0.3": "02:42:0a:00:00:03"}, frozenset({("02:42:0a:00:00:03", "192.0.2.2")}))
OTHERS = OverlayRows({}, frozenset({("02:42:0a:00:00:04", "192.0.2.3")}))


class World:
    """Hidden namespaces by their file, each with rows, or with what goes wrong when it is read."""

    def __init__(self, interval: float = LONG) -> None:
        self.files: dict[str, OverlayRows | Exception | None] = {}
        self.passes = 0
        self.servers: frozenset[str] | Exception | None = None
        self.sweep = OverlaySweep(interval, self.read, self.read_ipvs)

    def read(self, path: Path) -> OverlayRows | None:
        """What stands at a path."""
        self.passes += 1
        found = self.files[str(path)]
        if isinstance(found, Exception):
            raise found
        return found

    def read_ipvs(self, path: Path) -> frozenset[str] | None:
        """Where IPVS distributes to in the sandbox of the routing mesh."""
        if self.servers is None:
            return None
        assert path == Path("/netns/ingress_sbox")
        if isinstance(self.servers, Exception):
            raise self.servers
        return self.servers

    def now(self, **files: OverlayRows | Exception | None) -> OverlayReading:
        """The reading after a pass over these, each the only file of an overlay of that name."""
        self.files |= files
        self.sweep.step({name: name for name in files})
        return self.sweep.reading()


@pytest.fixture
def world() -> World:
    """One whose passes are the test's own."""
    return World()


def test_without_an_overlay_there_is_no_thread_and_no_source(world: World) -> None:
    before = set(threading.enumerate())
    world.sweep.update_files({})
    assert set(threading.enumerate()) <= before
    assert world.now() == OverlayReading()
    assert world.sweep.state() == ()


def test_an_overlay_that_comes_is_read_at_once_and_again_after_a_while() -> None:
    world = World(interval=0.01)
    world.files["ov"] = ROWS
    world.sweep.update_files({"ov-net": "ov"})
    until(lambda: world.sweep.reading() == OverlayReading({"ov-net": ROWS}), 60, "the first reading")
    world.files["ov"] = OTHERS
    until(lambda: world.sweep.reading() == OverlayReading({"ov-net": OTHERS}), 60, "another reading")
    world.sweep.update_files({})
    until(lambda: world.sweep.reading() == OverlayReading(), 60, "nothing to read")
    world.sweep.stop()


def test_what_has_not_changed_is_the_same_object(world: World) -> None:
    first = world.now(ov=ROWS)
    assert world.now(ov=OverlayRows(dict(ROWS.neighbours), frozenset(ROWS.fdb))) is first
    assert world.now(ov=OTHERS) == OverlayReading({"ov": OTHERS})


def test_an_overlay_without_an_endpoint_here_is_left_out(world: World) -> None:
    assert world.now(ov=ROWS, gone=None) == OverlayReading({"ov": ROWS})


def test_one_that_cannot_be_entered_makes_the_reading_incomplete_and_hides_no_other(world: World) -> None:
    refused = SourceError("no_sys_admin", "planted")
    assert world.now(secret=refused, ov=ROWS) == OverlayReading({"ov": ROWS}, complete=False)
    assert [missing.reason for missing in world.sweep.degraded()] == ["no_sys_admin"]
    [state] = world.sweep.state()
    assert (state.name, state.up) == ("overlay", True)
    assert world.now(secret=ROWS).complete
    assert world.sweep.degraded() == ()


def test_one_that_fails_is_a_source_that_is_down(world: World) -> None:
    assert not world.now(ov=OSError("planted")).complete
    [state] = world.sweep.state()
    assert (state.up, state.error) == (False, "ov: planted")
    assert world.now(ov=ROWS).complete


def test_a_pass_that_breaks_is_not_the_last_one() -> None:
    world = World(interval=0.01)
    world.files["ov"] = ValueError("planted")
    world.sweep.update_files({"ov-net": "ov"})
    until(lambda: world.passes > 1, 60, "a second pass")
    world.files["ov"] = ROWS
    until(lambda: world.sweep.reading() == OverlayReading({"ov-net": ROWS}), 60, "a reading")
    world.sweep.stop()


def test_where_the_routing_mesh_distributes_to_is_read_beside_the_overlays() -> None:
    world = World()
    world.servers, file = frozenset({"10.0.0.4"}), "/netns/1-ingress"
    assert world.now(**{file: ROWS}) == OverlayReading({file: ROWS}, frozenset({"10.0.0.4"}))
    world.servers = SourceError("no_sys_admin", "planted")
    assert world.now(**{file: ROWS}) == OverlayReading({file: ROWS})
    assert [missing.reason for missing in world.sweep.degraded()] == ["no_sys_admin"]
