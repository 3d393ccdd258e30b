"""Numbers of tracepoints, from a tracefs that is mounted and from one that is not."""

from pathlib import Path

import pytest

from exporter.errors import SourceError
from exporter.kernel.bpf.tracefs import read_tracepoints

BIND, LISTEN = "syscalls/sys_exit_bind", "syscalls/sys_exit_listen"


def mounted(sysfs: Path, place: str, numbers: dict[str, int]) -> Path:
    """A /sys with tracefs below `place`."""
    for name, number in numbers.items():
        folder = sysfs / place / "events" / name
        folder.mkdir(parents=True)
        (folder / "id").write_text(f"{number}\n")
    return sysfs


@pytest.mark.parametrize("place", ["kernel/tracing", "kernel/debug/tracing"])
def test_a_mounted_tracefs_is_read(tmp_path: Path, place: str) -> None:
    assert read_tracepoints(mounted(tmp_path, place, {BIND: 1620, LISTEN: 1618}), (BIND, LISTEN)) == [1620, 1618]


def test_a_kernel_without_the_tracepoint_says_so(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no tracepoint syscalls/sys_exit_listen") as caught:
        read_tracepoints(mounted(tmp_path, "kernel/tracing", {BIND: 1620}), (BIND, LISTEN))
    assert caught.value.reason == "unsupported"
