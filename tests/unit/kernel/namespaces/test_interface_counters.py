"""Counters inside containers' namespaces, from a /proc of the test's own."""

from pathlib import Path

import pytest

from exporter.core.model.docker import Interface
from exporter.core.model.kernel_sample import Inside
from exporter.kernel.namespaces.interface_counters import read_inside, read_names
from tests.support.kernel.messages import FakeSocket, as_socket
from tests.support.kernel.proc_files import NET_DEV

NOBODY = as_socket(FakeSocket())


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """One process, 4711, with the devices of the other tests."""
    (tmp_path / "4711/net").mkdir(parents=True)
    (tmp_path / "4711/net/dev").write_text(NET_DEV)
    return tmp_path


def wanted(name: str, pid: int = 4711) -> Inside:
    return Inside(f"{name}-endpoint", pid, 3, Interface(2, name))


def test_a_reading_is_turned_round_to_what_a_veths_host_end_would_show(proc: Path) -> None:
    """The device inside received 648 bytes: that is what a host's end would have sent."""
    assert read_inside(NOBODY, proc, [wanted("veth1a2b3c4")]) == [("veth1a2b3c4-endpoint", 7, 11, 438, 648, 8, 1, 9, 2)]


def test_a_device_that_is_gone_has_no_reading(proc: Path) -> None:
    assert [key for key, *_ in read_inside(NOBODY, proc, [wanted("gone"), wanted("eth0")])] == ["eth0-endpoint"]


def test_a_container_that_is_gone_has_no_reading_and_costs_nobody_else_his(proc: Path) -> None:
    assert [key for key, *_ in read_inside(NOBODY, proc, [wanted("eth0", 1), wanted("lo")])] == ["lo-endpoint"]


def test_nothing_wanted_is_nothing_read(proc: Path) -> None:
    assert read_inside(NOBODY, proc, []) == []


def test_without_privilege_only_the_names_are_known(proc: Path) -> None:
    assert read_names(proc, 4711) == (Interface(0, "veth1a2b3c4"), Interface(0, "eth0"), Interface(0, "crab🦀"))
    assert read_names(proc, 1) == ()
    assert read_names(proc, 0) == ()


def test_a_device_name_that_is_no_text_costs_no_other_container_its_reading(proc: Path) -> None:
    (proc / "4712/net").mkdir(parents=True)
    (proc / "4712/net/dev").write_bytes(NET_DEV.replace("crab🦀", "\udcff").encode(errors="surrogateescape"))
    found = read_inside(NOBODY, proc, [wanted("eth0"), wanted("lo", 4712)])
    assert [key for key, *_ in found] == ["eth0-endpoint", "lo-endpoint"]
