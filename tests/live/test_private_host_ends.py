"""A private host leaves nothing on the machine, however it ends."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import docker
import pytest

from tests.support.live.hosts import available
from tests.support.private_host import engines, remains
from tests.support.private_host.host import REPOSITORY, PrivateHost
from tests.support.waiting import until

NewHost = Callable[..., PrivateHost]
NOTHING: dict[str, list[str]] = {"processes": [], "cgroups": [], "mounts": [], "folder": []}


@pytest.fixture(autouse=True)
def apart(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder for these hosts alone: any new host on this machine sweeps what is dead in the usual one."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        monkeypatch.setenv("TMPDIR", folder)
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield
        remains.sweep()


@pytest.fixture
def demo() -> Iterator[subprocess.Popen[str]]:
    """A running `python -m tests.support.private_host`."""
    available(engines.DEFAULT)
    argv = [sys.executable, "-m", "tests.support.private_host"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY) as process:
        yield process
        process.kill()


def announced(demo: subprocess.Popen[str]) -> tuple[str, int]:
    """The DOCKER_HOST and the holder's pid that the command prints, once its dockerd answers."""
    assert demo.stdout
    _, url, entering = (demo.stdout.readline().strip() for _ in range(3))
    return url.removeprefix("export DOCKER_HOST="), int(entering.split()[2])


def run_a_container(docker_url: str) -> None:
    with closing(docker.DockerClient(docker_url)) as client:
        client.containers.run("busybox:local", ["sleep", "1000"], detach=True, ports={"80/tcp": 18080})


def left(docker_url: str) -> dict[str, list[str]]:
    """Whatever on this machine still belongs to the host with this socket."""
    folder = Path(docker_url.removeprefix("unix://")).parent
    processes = set()
    for pattern in ("[0-9]*/cmdline", "[0-9]*/cgroup"):
        for file in Path("/proc").glob(pattern):
            with suppress(OSError):
                if folder.name in file.read_text():
                    processes.add(file.parent.name)
    mounts = Path("/proc/self/mounts").read_text().splitlines()
    return {
        "processes": sorted(processes),
        # walk passes over what goes away meanwhile
        "cgroups": [path for path, _, _ in os.walk("/sys/fs/cgroup") if path.endswith(folder.name)],
        "mounts": [line for line in mounts if folder.name in line],
        "folder": [str(folder)] if folder.exists() else [],
    }


def test_a_running_host_is_found_by_this_test(new_host: NewHost) -> None:
    host = new_host().start().load_image()
    run_a_container(host.docker_url)
    found = left(host.docker_url)
    # dockerd, containerd, a shim, two docker-proxies, the container, the holder, the outside world
    assert len(found["processes"]) >= 8
    assert found["cgroups"]
    assert found["folder"]


def test_close_leaves_nothing(new_host: NewHost) -> None:
    host = new_host().start().load_image()
    run_a_container(host.docker_url)
    host.close()
    until(lambda: left(host.docker_url) == NOTHING, 30, "init has reaped the killed processes")


def test_ctrl_c_leaves_nothing(demo: subprocess.Popen[str]) -> None:
    url, _ = announced(demo)
    run_a_container(url)
    demo.send_signal(signal.SIGINT)
    assert demo.wait(90) == 0
    until(lambda: left(url) == NOTHING, 30, "init has reaped the killed processes")


def test_a_killed_creator_leaves_nothing(demo: subprocess.Popen[str]) -> None:
    url, _ = announced(demo)
    run_a_container(url)
    demo.kill()
    until(lambda: left(url) == NOTHING, 60, "everything is gone")


def test_the_host_of_a_killed_holder_is_removed_by_the_next_one(demo: subprocess.Popen[str], new_host: NewHost) -> None:
    url, holder = announced(demo)
    run_a_container(url)
    demo.kill()
    os.kill(holder, signal.SIGKILL)
    demo.wait()
    until(lambda: str(holder) not in left(url)["processes"], 60, "the holder is gone")
    assert left(url)["processes"]
    new_host()
    until(lambda: left(url) == NOTHING, 60, "init has reaped the killed processes")


def test_a_live_host_is_not_removed_by_the_next_one(new_host: NewHost) -> None:
    first = new_host().start()
    remains.sweep()
    assert first.client().ping()


def test_close_removes_what_a_killed_holder_left(new_host: NewHost) -> None:
    host = new_host().start().load_image()
    run_a_container(host.docker_url)
    os.kill(host.pid, signal.SIGKILL)
    host.close()
    until(lambda: left(host.docker_url) == NOTHING, 60, "init has reaped the killed processes")
