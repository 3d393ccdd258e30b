"""Counters inside containers' namespaces, from a /proc of the test's own."""

from pathlib import Path
from typing import Any

import pytest

from exporter.core.model.docker import Interface
from exporter.core.model.kernel_sample import Inside
from exporter.kernel.namespaces.interface_counters import InterfaceCounterReader, read_names
from tests.support.kernel.messages import FakeSocket, as_socket
from tests.support.kernel.proc_files import NET_DEV

WEB = "web-id"
NOBODY = as_socket(FakeSocket())


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """One process, 4711, with the devices of the other tests."""
    (tmp_path / "4711/net").mkdir(parents=True)
    (tmp_path / "4711/net/dev").write_text(NET_DEV)
    (tmp_path / "4711/cgroup").write_text(f"0::/docker/{WEB}\n")
    return tmp_path


def wanted(name: str, pid: int = 4711) -> Inside:
    return Inside(f"{name}-endpoint", pid, 3, Interface(2, name))


def readings(proc: Path, interfaces: list[Inside]) -> list[tuple[Any, ...]]:
    return InterfaceCounterReader(proc, NOBODY).read(interfaces)


def test_a_reading_is_turned_round_to_what_a_veths_host_end_would_show(proc: Path) -> None:
    """The device inside received 648 bytes: that is what a host's end would have sent."""
    assert readings(proc, [wanted("veth1a2b3c4")]) == [("veth1a2b3c4-endpoint", 7, 11, 438, 648, 8, 1, 9, 2)]


def test_a_device_that_is_gone_has_no_reading(proc: Path) -> None:
    assert [key for key, *_ in readings(proc, [wanted("gone"), wanted("eth0")])] == ["eth0-endpoint"]


def test_a_container_that_is_gone_has_no_reading_and_costs_nobody_else_his(proc: Path) -> None:
    assert [key for key, *_ in readings(proc, [wanted("eth0", 1), wanted("lo")])] == ["lo-endpoint"]


def test_nothing_wanted_is_nothing_read(proc: Path) -> None:
    assert readings(proc, []) == []


def test_without_privilege_only_the_names_are_known(proc: Path) -> None:
    assert read_names(proc, 4711, WEB) == (Interface(0, "veth1a2b3c4"), Interface(0, "eth0"), Interface(0, "crab🦀"))
    assert read_names(proc, 1, WEB) == ()
    assert read_names(proc, 0, WEB) == ()


def test_the_names_of_another_process_of_that_number_are_not_read(proc: Path) -> None:
    assert read_names(proc, 4711, "another") == ()


def test_a_device_name_that_is_no_text_costs_no_other_container_its_reading(proc: Path) -> None:
    (proc / "4712/net").mkdir(parents=True)
    (proc / "4712/net/dev").write_bytes(NET_DEV.replace("crab🦀", "\udcff").encode(errors="surrogateescape"))
    found = readings(proc, [wanted("eth0"), wanted("lo", 4712)])
    assert [key for key, *_ in found] == ["eth0-endpoint", "lo-endpoint"]
