"""Devices in place of a container's files, which root can make: to open one may already do something."""

import os
import stat
from pathlib import Path

import pytest

from exporter.kernel.reach.files import read_files
from exporter.kernel.reach.visit import visiting
from tests.support.kernel.fake_container import FakeContainer

ZERO, NO_DRIVER = os.makedev(1, 5), os.makedev(240, 77)


@pytest.mark.parametrize("device", [ZERO, NO_DRIVER], ids=["zero", "one without a driver"])
def test_a_device_is_not_opened(web: FakeContainer, device: int) -> None:
    """Opening the second one would be an error (ENXIO)."""
    (web.root / "etc/resolv.conf").unlink()
    os.mknod(web.root / "etc/resolv.conf", stat.S_IFCHR | 0o666, device)
    with visiting(web.procfs) as visits:
        view = visits.container(web.container).view
    assert (view.hosts, view.resolv_conf, view.unread) == ("127.0.0.1 localhost\n", None, ())


def test_what_a_link_leads_to_is_that_of_the_process_and_not_ours(web: FakeContainer) -> None:
    """Through the link of a real process: the root is its own."""
    (web.procfs / str(web.pid) / "root").unlink()
    (web.procfs / str(web.pid) / "root").symlink_to(f"/proc/{web.pid}/root")
    assert read_files(web.procfs, web.pid)[0] == Path("/etc/hosts").read_text()
