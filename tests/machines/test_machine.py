"""The machines themselves."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.private_host.packages import cache_folder
from tests.support.waiting import until
from tests.virtual_machine import snapshot
from tests.virtual_machine.machine import Machine
from tests.virtual_machine.releases import Release
from tests.virtual_machine.root import REPOSITORY

HELD = """\
import sys
from tests.virtual_machine import snapshot
from tests.virtual_machine.releases import RELEASES
with snapshot.machine(RELEASES[sys.argv[1]]) as machine:
    print(machine.process.pid, flush=True)
    sys.stdin.read()
"""


def test_a_machine_has_the_kernel_of_its_release(machine: Machine, release: Release) -> None:
    assert machine.shell("uname -r").startswith(f"{release.kernel}.")
    assert machine.shell("systemctl is-system-running") == "running"


def test_files_are_copied_byte_by_byte(machine: Machine) -> None:
    content = bytes(range(256)) * 4096
    machine.put("/srv/some/file", content, 0o750)
    assert machine.get("/srv/some/file") == content
    assert machine.shell("stat --format %a /srv/some/file") == "750"
    with pytest.raises(FileNotFoundError):
        machine.get("/srv/none")


def test_a_command_that_fails_or_does_not_end_is_an_error(machine: Machine) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        machine.run("false")
    assert machine.run("sleep", "3600", check=False, seconds=1).returncode == 124


def test_the_clock_is_this_machines(machine: Machine) -> None:
    assert abs(float(machine.shell("date +%s")) - float(subprocess.check_output(["date", "+%s"]))) < 60


def test_what_one_machine_wrote_another_does_not_have(release: Release) -> None:
    for _ in range(2):
        with snapshot.machine(release) as machine:
            machine.run("mkdir", "/srv/was-here")


def files() -> set[Path]:
    return set((cache_folder() / "machines").iterdir())


def test_nothing_is_left_of_a_machine_whose_owner_is_killed(release: Release) -> None:
    before = files()
    argv = (sys.executable, "-c", HELD, release.kernel)
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY) as owner:
        assert owner.stdout
        machine = int(owner.stdout.readline())
        assert Path(f"/proc/{machine}/comm").read_text().startswith("qemu-system")
        os.kill(owner.pid, signal.SIGKILL)
        until(lambda: not Path(f"/proc/{machine}").exists(), 60, "the end of qemu")
    assert files() == before
