"""Processes and their sockets: a /proc of the tests' own, then a process of this machine."""

import os
import socket
from pathlib import Path

import pytest

from exporter.core.ports.socket_owner import Process, Proxy
from exporter.kernel.sockets.process_condition import read_condition
from exporter.kernel.sockets.processes import (
    find_holders,
    is_held,
    parse_proxy,
    read_name,
    read_pids,
    read_process,
    read_proxies,
    sees_all_processes,
)
from tests.support.kernel.fake_proc import DOCKER_PROXY, FakeProc

WEB = "a1" * 32


def command_line(*words: str) -> bytes:
    return b"".join(word.encode() + b"\0" for word in words)


@pytest.mark.parametrize(
    ("host_ip", "container_ip", "expected"),
    [
        ("0.0.0.0", "172.17.0.2", Proxy("tcp", "0.0.0.0", 8080, "172.17.0.2")),
        ("::", "172.17.0.2", Proxy("tcp", "::", 8080, "172.17.0.2")),
        ("2001:DB8::1", "fd00:0::2", Proxy("tcp", "2001:db8::1", 8080, "fd00::2")),
    ],
)
def test_a_proxys_command_line_tells_what_it_is_for(host_ip: str, container_ip: str, expected: Proxy) -> None:
    words = ["docker-proxy", "-proto", "tcp", "-host-ip", host_ip, "-host-port", "8080"]
    words += ["-container-ip", container_ip, "-container-port", "80", "-use-listen-fd"]
    assert parse_proxy(command_line(*words)) == expected


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("docker-proxy",),
        ("docker-proxy", "-proto", "tcp", "-host-ip", "0.0.0.0", "-host-port", "8080"),
        ("docker-proxy", "-proto", "tcp", "-host-ip", "somewhere", "-host-port", "1", "-container-ip", "::1"),
        ("docker-proxy", "-proto", "tcp", "-host-ip", "::", "-host-port", "http", "-container-ip", "::1"),
    ],
)
def test_anything_else_is_no_proxy_in_spite_of_its_name(words: tuple[str, ...]) -> None:
    assert parse_proxy(command_line(*words)) is None


def test_the_first_of_several_holders_is_found_and_init_only_when_it_is_alone(tmp_path: Path) -> None:
    proc = FakeProc(tmp_path)
    proc.process(1, "systemd", 501, 502)
    proc.process(30, "worker", 502, 503)
    proc.process(20, "master", 503)
    assert read_pids(tmp_path) == [2, 20, 30, 1]
    found, denied = find_holders(tmp_path, read_pids(tmp_path), {501, 502, 503, 504})
    assert ({inode: held.pid for inode, held in found.items()}, denied) == ({501: 1, 502: 30, 503: 20}, set())


def test_a_process_that_ends_meanwhile_is_no_fault(tmp_path: Path) -> None:
    FakeProc(tmp_path).process(20, "master", 503)
    assert find_holders(tmp_path, (19, 20), {503}) == ({503: (20, f"{tmp_path}/20/fd/1")}, set())
    assert read_process(tmp_path, 19) is None
    assert read_name(tmp_path, 19) == ""
    assert read_condition(tmp_path, 19) == (False, 0)
    (tmp_path / "20/stat").write_text("")
    assert read_condition(tmp_path, 20) == (False, 0)


def test_nobody_is_looked_into_once_all_are_found(tmp_path: Path) -> None:
    FakeProc(tmp_path).process(20, "master", 503)

    def pids() -> object:
        yield 20
        raise AssertionError("looked on")

    assert find_holders(tmp_path, pids(), {503})[0].keys() == {503}  # type: ignore[arg-type]


def test_who_a_process_is(tmp_path: Path) -> None:
    proc = FakeProc(tmp_path)
    proc.process(20, "nginx: master p", cgroup=f"/docker/{WEB}")
    proc.process(10, "dockerd")
    proc.process(21, "renamed", cgroup="/system.slice/docker.service", words=DOCKER_PROXY, parent=10)
    proc.process(22, "nc", uid=1000, state="T (stopped)")
    proxy = Proxy("tcp", "0.0.0.0", 8080, "172.17.0.2")
    assert read_process(tmp_path, 20) == Process(20, "nginx: master p", (WEB,), None, 0)
    assert read_process(tmp_path, 21) == Process(21, "renamed", (), proxy, 0, "dockerd")
    assert read_process(tmp_path, 22) == Process(22, "nc", uid=1000)
    assert [read_condition(tmp_path, pid).stopped for pid in (21, 22, 23)] == [False, True, False]
    assert read_proxies(tmp_path) == {21: proxy}
    assert read_condition(tmp_path, 21).resident_memory == 20 * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize(
    ("comm", "words", "expected"),
    [
        ("containerd-shim", ("/usr/bin/containerd-shim-runc-v2", "-namespace", "moby"), "containerd-shim-runc-v2"),
        ("dockernet-expor", ("/usr/bin/python3", "/usr/bin/dockernet-exporter", "serve"), "dockernet-exporter"),
        ("dockernet-expor", ("/usr/bin/python3", "-I", "/usr/bin/dockernet-exporter"), "dockernet-exporter"),
        ("nginx: master p", ("nginx: master process nginx",), "nginx: master p"),
        ("another-program", ("/usr/bin/something", "else"), "another-program"),
        ("containerd-shim", ("containerd-shim" + "x" * 200,), "containerd-shim"),
        ("containerd-shim", ("containerd-shim\n{x}",), "containerd-shim"),
        ("nginx", ("/usr/sbin/nginx-debug",), "nginx"),
    ],
)
def test_a_name_that_the_kernel_cut_off_is_completed_from_the_command_line(
    comm: str, words: tuple[str, ...], expected: str, tmp_path: Path
) -> None:
    FakeProc(tmp_path).process(20, comm, words=words)
    found = read_process(tmp_path, 20)
    assert found is not None
    assert found.name == expected


def test_a_name_of_any_bytes_is_text(tmp_path: Path) -> None:
    FakeProc(tmp_path).process(20, "x")
    (tmp_path / "20/comm").write_bytes(b"caf\xe9\n")
    assert read_name(tmp_path, 20) == "caf\N{REPLACEMENT CHARACTER}"


def test_only_the_first_pid_namespace_shows_the_kernels_threads(tmp_path: Path) -> None:
    assert not sees_all_processes(tmp_path)
    FakeProc(tmp_path).process(2, "sh")
    assert not sees_all_processes(tmp_path)
    FakeProc(tmp_path)
    assert sees_all_processes(tmp_path)


def test_this_process_holds_its_socket() -> None:
    with socket.socket() as sock:
        inode = os.fstat(sock.fileno()).st_ino
        found, _ = find_holders(Path("/proc"), (os.getpid(),), {inode})
        held = found[inode]
        assert held == (os.getpid(), f"/proc/{os.getpid()}/fd/{sock.fileno()}")
        assert is_held(held.path, inode)
    assert not is_held(held.path, inode)
    process = read_process(Path("/proc"), os.getpid())
    assert process is not None
    assert process.name == Path("/proc/self/comm").read_text().strip()
    assert read_condition(Path("/proc"), os.getpid()).resident_memory > 1 << 20
