"""Numbers of tracepoints where no tracefs is mounted: one is mounted beside the host's mounts."""

from pathlib import Path

import pytest

from exporter.kernel.bpf.tracefs import read_tracepoints

BIND, LISTEN = "syscalls/sys_exit_bind", "syscalls/sys_exit_listen"


@pytest.mark.usefixtures("failures")
def test_where_it_is_not_mounted_it_is_read_and_leaves_no_mount(tmp_path: Path) -> None:
    before = Path("/proc/self/mounts").read_text()
    numbers = read_tracepoints(tmp_path, (BIND, LISTEN))
    assert len(set(numbers)) == 2
    assert min(numbers) > 0
    assert Path("/proc/self/mounts").read_text() == before
