"""The few files of /proc and /sys, as text."""

from pathlib import Path

import pytest

from exporter.kernel.proc import (
    CAP_NET_ADMIN,
    may_administer_networks,
    parse_capabilities,
    parse_net_dev,
    read_cgroup_pid,
)
from tests.support.kernel.proc_files import NET_DEV


def test_counters_have_both_directions_in_the_order_of_the_kernels_own_struct() -> None:
    assert parse_net_dev(NET_DEV)["veth1a2b3c4"] == (11, 7, 648, 438, 1, 8, 2, 9)


def test_every_device_is_read_by_its_name() -> None:
    found = parse_net_dev(NET_DEV)
    assert list(found) == ["lo", "veth1a2b3c4", "eth0", "crab🦀"]
    assert found["crab🦀"] == (2, 6, 1, 5, 3, 7, 4, 8)


def test_numbers_of_64_bits_are_read_whole_although_they_touch_the_name() -> None:
    most = 2**64 - 1
    assert parse_net_dev(NET_DEV)["eth0"] == (most, 1, most, most, 0, 0, 0, 0)


def test_a_namespace_without_devices_has_no_counters() -> None:
    assert parse_net_dev("\n".join(NET_DEV.splitlines()[:2])) == {}
    assert parse_net_dev("") == {}


@pytest.mark.parametrize("separator", ["\u2028", "\x1c", "\x85"])
def test_a_name_may_hold_what_python_takes_for_the_end_of_a_line(separator: str) -> None:
    """A container with CAP_NET_ADMIN names its devices as it likes."""
    odd = f"a{separator}b"
    assert parse_net_dev(NET_DEV.replace("crab🦀", odd))[odd] == (2, 6, 1, 5, 3, 7, 4, 8)


@pytest.mark.parametrize(
    ("status", "capabilities"),
    [
        ("Name:\tpython\nCapInh:\t0\nCapPrm:\tffff\nCapEff:\t00000000a80425fb\n", 0xA80425FB),
        ("CapEff:\t0000000000000000\n", 0),
        ("CapEff:\t000001ffffffffff\n", 0x1FFFFFFFFFF),
        ("Name:\tpython\n", 0),
        ("", 0),
    ],
)
def test_effective_capabilities_are_a_bit_mask(status: str, capabilities: int) -> None:
    assert parse_capabilities(status) == capabilities


def test_this_process_may_do_what_its_status_says() -> None:
    status = Path("/proc/self/status").read_text()
    assert may_administer_networks() == bool(parse_capabilities(status) & 1 << CAP_NET_ADMIN)


@pytest.mark.parametrize(
    "place",
    [
        "pids/docker/abc",
        "docker/abc",
        "system.slice/docker-abc.scope",
        "pids/system.slice/docker-abc.scope",
    ],
)
def test_a_containers_process_is_found_by_its_cgroup(tmp_path: Path, place: str) -> None:
    cgroup = tmp_path / "fs/cgroup" / place
    cgroup.mkdir(parents=True)
    (cgroup / "cgroup.procs").write_text("4711\n4712\n")
    assert read_cgroup_pid(tmp_path, "abc") == 4711
    assert read_cgroup_pid(tmp_path, "ab") == 0


def test_an_empty_cgroup_has_no_process(tmp_path: Path) -> None:
    cgroup = tmp_path / "fs/cgroup/docker/abc"
    cgroup.mkdir(parents=True)
    (cgroup / "cgroup.procs").write_text("")
    assert read_cgroup_pid(tmp_path, "abc") == 0
