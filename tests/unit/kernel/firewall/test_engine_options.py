"""Whether dockerd was told to write no rules."""

import os
from pathlib import Path

import pytest

from exporter.core.nat.engine_options import EngineOptions
from exporter.kernel import root_files
from exporter.kernel.firewall.engine_options import find_engines, parse_engine_options, read_engine_options


@pytest.mark.parametrize(
    ("command", "configuration", "iptables", "ip6tables"),
    [
        ("dockerd", {}, True, True),
        ("dockerd --iptables=false", {}, False, True),
        ("dockerd --iptables=0 -H unix:///x", {}, False, True),
        ("dockerd --iptables", {}, True, True),
        ("dockerd --iptables=true", {}, True, True),
        ("dockerd --ip6tables=false", {}, True, False),
        ("dockerd", {"iptables": False}, False, True),
        ("dockerd", {"iptables": True, "ip6tables": False}, True, False),
        ("dockerd", [], True, True),
    ],
)
def test_rules_are_off_by_flag_or_by_file(
    command: str, configuration: object, *, iptables: bool, ip6tables: bool
) -> None:
    expected = EngineOptions(iptables=iptables, ip6tables=ip6tables)
    assert parse_engine_options(command.split(), configuration) == expected


@pytest.fixture
def procfs(tmp_path: Path) -> Path:
    """A dockerd of root, without a configuration file."""
    make_process(tmp_path, 10, ("dockerd",), uid=0)
    return tmp_path


def make_process(procfs: Path, pid: int, words: tuple[str, ...], uid: int) -> Path:
    """A process called dockerd in this network namespace; its root has no files."""
    folder = procfs / str(pid)
    (folder / "root/etc/docker").mkdir(parents=True)
    (folder / "comm").write_text("dockerd\n")
    (folder / "cmdline").write_text("\0".join((*words, "")))
    (folder / "status").write_text(f"Name:\tdockerd\nPPid:\t1\nUid:\t{uid}\t0\t0\t0\n")
    (folder / "ns").mkdir()
    (folder / "ns/net").symlink_to("/proc/self/ns/net")
    return folder


def test_the_engine_of_this_network_namespace_is_read(procfs: Path) -> None:
    assert read_engine_options(procfs, find_engines(procfs)) == EngineOptions(iptables=True, ip6tables=True)


def test_a_set_user_id_program_that_a_user_started_as_dockerd_is_none(procfs: Path) -> None:
    """By a link to su that is called so; the effective user is root."""
    make_process(procfs, 20, ("dockerd", "-c", "--iptables=false"), uid=1000)
    assert read_engine_options(procfs, find_engines(procfs)) == EngineOptions(iptables=True, ip6tables=True)


def test_a_configuration_that_is_a_fifo_is_unknown_and_nothing_waits(procfs: Path) -> None:
    os.mkfifo(procfs / "10/root/etc/docker/daemon.json")
    assert read_engine_options(procfs, find_engines(procfs)) is None


@pytest.mark.parametrize("link", ["/srv/daemon.json", "../../srv/daemon.json", "../../../../srv/daemon.json"])
def test_a_configuration_behind_a_link_is_that_in_the_engines_root(procfs: Path, link: str) -> None:
    """And not that of a file of this name where the exporter runs, which may be a container."""
    (procfs / "10/root/srv").mkdir()
    (procfs / "10/root/srv/daemon.json").write_text('{"iptables": false}')
    (procfs / "10/root/etc/docker/daemon.json").symlink_to(link)
    assert read_engine_options(procfs, find_engines(procfs)) == EngineOptions(iptables=False, ip6tables=True)


@pytest.mark.parametrize("link", ["/dev/zero", "/proc/self/environ", "loop"])
def test_a_configuration_behind_a_link_to_what_is_none_is_absent(procfs: Path, link: str) -> None:
    (procfs / "10/root/etc/docker/daemon.json").symlink_to(link)
    assert read_engine_options(procfs, find_engines(procfs)) == EngineOptions(iptables=True, ip6tables=True)


def test_a_configuration_that_links_to_itself_is_unknown(procfs: Path) -> None:
    (procfs / "10/root/etc/docker/daemon.json").symlink_to("daemon.json")
    assert read_engine_options(procfs, find_engines(procfs)) is None


def test_before_openat2_it_is_read_all_the_same(procfs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(root_files, "OPENAT2", 9999)
    (procfs / "10/root/etc/docker/daemon.json").write_text('{"iptables": false}')
    assert read_engine_options(procfs, find_engines(procfs)) == EngineOptions(iptables=False, ip6tables=True)
