"""Whose process was refused: cgroups as both of Docker's drivers make them, in either version, and other cgroups."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from exporter.core.ports.bind_failures import RefusedBind
from exporter.kernel.bind_failures.watcher import ENTRIES_OF_ONE, BindFailures
from tests.support.kernel.refusing import bound, heard, held, loopback
from tests.support.waiting import until

CGROUPS = Path("/sys/fs/cgroup")
UNIFIED, DEVICES = CGROUPS / "unified", CGROUPS / "devices"
VERSION_2 = UNIFIED if UNIFIED.is_dir() else CGROUPS
PARENT = "dockernet-bind-failures"
ID, INNER = "0123456789abcdef" * 4, "fedcba9876543210" * 4

# Enter a cgroup and be refused a port from there.
JOIN = 'echo $$ >"$0/cgroup.procs" && exec "$@"'
BIND = "import socket; socket.socket().bind(('127.0.0.1', 8080))"


@pytest.fixture(autouse=True)
def clean(failures: BindFailures) -> Iterator[None]:
    assert failures
    loopback()
    yield
    for tree in (VERSION_2, DEVICES):
        until(partial(removed, tree / PARENT), 60, "the test's cgroups removed")


def removed(folder: Path) -> bool:
    """A cgroup whose last process has just ended is busy for a moment."""
    for path in sorted(folder.rglob("*/"), reverse=True):
        with suppress(OSError):
            path.rmdir()
    with suppress(OSError):
        folder.rmdir()
    return not folder.exists()


def refused_in(failures: BindFailures, cgroup: Path) -> RefusedBind:
    """What is told of a process in a cgroup that is gone, with its process, before anybody asks."""
    cgroup.mkdir(parents=True, exist_ok=True)
    command = ["/bin/sh", "-c", JOIN, str(cgroup), sys.executable, "-c", BIND]
    with held("127.0.0.1", 8080):
        assert subprocess.run(command, stderr=subprocess.DEVNULL, check=False, timeout=60).returncode == 1
    until(lambda: removed(cgroup), 60, "the cgroup gone")
    [refused] = heard(failures)
    assert refused.port == 8080
    return refused


@pytest.mark.parametrize(
    ("place", "container_id"),
    [
        (f"docker/{ID}", ID),
        (f"system.slice/docker-{ID}.scope", ID),
        (f"docker/{ID}/system.slice/nginx.service", ID),
        (f"system.slice/docker-{ID}.scope/a/b/c/d/e/f/g", ID),
        (f"docker/{ID}/docker/{INNER}", INNER),
        ("system.slice/docker.service", ""),
        (f"system.slice/{'very-long-name-of-a-unit' * 6}.service", ""),
        (f"system.slice/{'g' * 64}", ""),
        (f"system.slice/{'0' * 63}", ""),
    ],
)
def test_a_container_is_told_by_its_cgroups_name(failures: BindFailures, place: str, container_id: str) -> None:
    assert refused_in(failures, VERSION_2 / PARENT / place).container_id == container_id


def test_the_number_of_the_cgroup_is_that_of_its_folder(failures: BindFailures) -> None:
    cgroup = VERSION_2 / PARENT / ID
    cgroup.mkdir(parents=True)
    number = cgroup.stat().st_ino
    assert refused_in(failures, cgroup).cgroup_id == number


@pytest.mark.skipif(not DEVICES.is_dir(), reason="the hierarchies of version 1 are not mounted")
@pytest.mark.parametrize("place", [f"docker/{ID}", f"system.slice/docker-{ID}.scope"])
def test_where_containers_are_in_version_1_only_it_is_asked(failures: BindFailures, place: str) -> None:
    refused = refused_in(failures, DEVICES / PARENT / place)
    assert refused.container_id == ID


FLOOD = """
import socket
for port in range(20000, 20200):
    try:
        socket.socket().bind(("127.0.0.1", port))
    except OSError:
        pass
"""


def test_one_container_does_not_displace_the_refusals_of_another(failures: BindFailures) -> None:
    """It is refused more different ports than it has a share; the other one is told all the same."""
    loud, quiet = VERSION_2 / ID, VERSION_2 / PARENT / INNER
    holders = [bound("127.0.0.1", port) for port in (8080, *range(20000, 20200))]
    try:
        for cgroup, program, codes in ((loud, FLOOD, {0}), (quiet, BIND, {1})):
            cgroup.mkdir(parents=True, exist_ok=True)
            command = ["/bin/sh", "-c", JOIN, str(cgroup), sys.executable, "-c", program]
            assert subprocess.run(command, stderr=subprocess.DEVNULL, check=False, timeout=60).returncode in codes
        found = heard(failures)
    finally:
        for holder in holders:
            holder.close()
        until(lambda: removed(loud), 60, "the cgroup removed")
    assert [one.port for one in found if one.container_id == INNER] == [8080]
    assert sum(one.container_id == ID for one in found) == ENTRIES_OF_ONE
    assert failures.lost() == 200 - ENTRIES_OF_ONE
