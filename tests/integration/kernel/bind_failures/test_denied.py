"""Rights taken away: loading is refused with the reason that the operator can act on, and nothing is left open."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from exporter.errors import SourceError
from exporter.kernel.bind_failures import refused
from exporter.kernel.bind_failures.attachment import ALL
from exporter.kernel.bind_failures.watcher import BindFailures
from exporter.kernel.bpf import programs
from exporter.kernel.bpf.instructions import DOUBLE, R0, R1, assemble, leave, load, set_to
from exporter.kernel.bpf.programs import load_program

# Print the reason, or what was loaded, and how many descriptors more than before are open.
OPEN = """
import os, sys
from pathlib import Path
from exporter.errors import SourceError
from exporter.kernel.bind_failures.attachment import ALL
from exporter.kernel.bind_failures.watcher import BindFailures
before = len(os.listdir("/proc/self/fd"))
failures = BindFailures(Path(sys.argv[1]), ALL)
try:
    failures.open()
    print("loaded", failures.drain() is not None)
except SourceError as error:
    print(error.reason, len(os.listdir("/proc/self/fd")) - before)
"""
BOUNDED = ("setpriv", "--inh-caps=-all", "--bounding-set")


def opened(*before: str, sysfs: Path = Path("/sys")) -> list[str]:
    """What a process with fewer rights says."""
    command = [*before, sys.executable, "-c", OPEN, str(sysfs)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.split()


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@pytest.mark.usefixtures("failures")
@pytest.mark.parametrize(
    "before",
    [
        (*BOUNDED, "-all"),
        (*BOUNDED, "-all,+bpf"),
        (*BOUNDED, "-all,+perfmon"),
        (*BOUNDED, "-all,+net_admin,+sys_ptrace"),
        ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *BOUNDED[1:], "-all"),
        ("unshare", "--user", "--map-root-user"),
    ],
    ids=" ".join,
)
def test_without_the_right_to_load_it_says_so(before: tuple[str, ...]) -> None:
    assert opened(*before) == ["no_bpf", "0"]


@pytest.mark.usefixtures("failures")
def test_two_capabilities_are_enough_where_tracefs_is_mounted() -> None:
    mounted = ("unshare", "--mount", "sh", "-c", 'mount -t tracefs none /sys/kernel/tracing && exec "$@"', "sh")
    assert opened(*mounted, *BOUNDED, "-all,+bpf,+perfmon") == ["loaded", "True"]


@pytest.mark.usefixtures("failures")
def test_the_older_capability_is_enough_by_itself() -> None:
    assert opened(*BOUNDED, "-all,+sys_admin") == ["loaded", "True"]


@pytest.mark.usefixtures("failures")
def test_two_capabilities_without_tracefs_lack_just_that(tmp_path: Path) -> None:
    (tmp_path / "kernel").mkdir()
    (tmp_path / "kernel/btf").symlink_to("/sys/kernel/btf")
    assert opened(*BOUNDED, "-all,+bpf,+perfmon", sysfs=tmp_path) == ["no_tracefs", "0"]


@pytest.mark.usefixtures("failures")
def test_without_the_kernels_types_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="btf/vmlinux: No such file") as caught:
        BindFailures(tmp_path, ALL).open()
    assert caught.value.reason == "no_btf"


@pytest.mark.usefixtures("failures")
def test_types_of_another_kernel_are_not_taken(tmp_path: Path) -> None:
    (tmp_path / "kernel/btf").mkdir(parents=True)
    (tmp_path / "kernel/btf/vmlinux").write_bytes(bytes(64))
    with pytest.raises(SourceError) as caught:
        BindFailures(tmp_path, ALL).open()
    assert caught.value.reason == "unsupported"


@pytest.mark.usefixtures("root")
def test_a_program_that_the_verifier_refuses_is_shown_with_its_words() -> None:
    reads_nowhere = assemble([set_to(R1, 0), load(DOUBLE, R0, R1, 0), leave()])
    with pytest.raises(SourceError, match="the program broken is not accepted") as caught:
        load_program(reads_nowhere, "broken")
    assert caught.value.reason == "unsupported"
    assert "R1 invalid mem access 'scalar'" in str(caught.value)


def test_on_a_machine_that_is_not_known_nothing_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "mips64")
    before = descriptors()
    with pytest.raises(SourceError) as caught:
        BindFailures(Path("/sys"), ALL).open()
    assert caught.value.reason == "unsupported"
    assert descriptors() == before


def test_machines_whose_calls_are_known_have_their_registers_known_too() -> None:
    assert programs.SYSCALLS.keys() == refused.ARGUMENTS.keys()
