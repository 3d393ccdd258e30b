"""Which processes belong to the engine behind its socket."""

from pathlib import Path

import pytest

from exporter.kernel.sockets.kinship import SERVICE, UNKNOWN, EngineProcess, read_engine_process
from exporter.kernel.sockets.processes import read_process
from tests.support.kernel.fake_proc import FakeProc

DOCKERD, OTHER = 10, 20
SESSION = "/user.slice/user-1000.slice/session-1.scope"


@pytest.fixture
def proc(tmp_path: Path) -> FakeProc:
    made = FakeProc(tmp_path)
    made.process(1, "systemd", cgroup="/init.scope")
    made.process(DOCKERD, "dockerd", cgroup=SERVICE)
    return made


def kin(proc: FakeProc, engine_pid: int, **process: object) -> bool | None:
    """What is known of a further process."""
    proc.process(OTHER, "docker-proxy", **process)  # type: ignore[arg-type]
    engine = read_engine_process(proc.root, engine_pid)
    cgroups = frozenset({str(process.get("cgroup", "/"))})
    found = read_process(proc.root, OTHER, is_kin=lambda pid, parent: engine.is_kin(pid, parent, cgroups))
    assert found
    return found.kin


@pytest.mark.parametrize("engine_pid", [DOCKERD, 1], ids=["it listens itself", "systemd listens for it"])
@pytest.mark.parametrize(("cgroup", "expected"), [(SERVICE, True), (SESSION, False), (f"{SERVICE}/x", False)])
def test_a_process_in_the_engine_s_cgroup_is_kin_and_another_is_not(
    proc: FakeProc, engine_pid: int, cgroup: str, expected: object
) -> None:
    assert kin(proc, engine_pid, cgroup=cgroup) is expected


def test_a_child_is_kin_wherever_it_is(proc: FakeProc) -> None:
    assert kin(proc, DOCKERD, cgroup=SESSION, parent=DOCKERD)


def test_of_an_engine_in_the_root_of_cgroups_only_children_are_known(proc: FakeProc) -> None:
    proc.process(DOCKERD, "dockerd")
    assert kin(proc, DOCKERD) is None
    assert kin(proc, DOCKERD, parent=DOCKERD)


@pytest.mark.parametrize("engine_pid", [0, 30, 99], ids=["not known", "a proxy", "gone"])
def test_behind_a_proxy_nothing_is_known(proc: FakeProc, engine_pid: int) -> None:
    proc.process(30, "socket-proxy", cgroup=SERVICE)
    assert read_engine_process(proc.root, engine_pid) == UNKNOWN
    assert kin(proc, engine_pid, cgroup=SERVICE) is None


def test_another_init_than_systemd_may_be_the_engine(proc: FakeProc) -> None:
    proc.process(1, "dockerd", cgroup="/docker/a")
    assert read_engine_process(proc.root, 1) == EngineProcess(1, frozenset({"/docker/a"}))


def test_where_the_service_has_another_name_nothing_is_known(proc: FakeProc) -> None:
    proc.process(DOCKERD, "dockerd", cgroup="/system.slice/docker-b.service")
    assert read_engine_process(proc.root, 1) == UNKNOWN
