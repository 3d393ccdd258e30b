"""Sockets of stopped processes, in a folder that looks like /proc."""

from pathlib import Path

from exporter.core.model.sockets import ListeningSocket
from exporter.kernel.reach.stopped import read_halted, read_stopped
from tests.support.kernel.fake_proc import FakeProc

SOCKETS = (ListeningSocket("tcp", "0.0.0.0", 80, inode=501), ListeningSocket("tcp", "0.0.0.0", 81, inode=502))


def test_a_socket_that_a_stopped_process_holds(tmp_path: Path) -> None:
    proc = FakeProc(tmp_path)
    proc.process(20, "httpd", 501, state="T (stopped)")
    proc.process(21, "nginx", 502)
    assert read_stopped(tmp_path, SOCKETS, read_halted(tmp_path)) == {501: 20}
    assert read_stopped(tmp_path, (), read_halted(tmp_path)) == {}


def test_a_socket_of_a_process_that_a_freezer_holds(tmp_path: Path) -> None:
    proc = FakeProc(tmp_path)
    for pid, name, inode, wait in ((20, "httpd", 501, "do_freezer_trap"), (21, "nginx", 502, "ep_poll")):
        proc.process(pid, name, inode)
        (tmp_path / str(pid) / "wchan").write_text(wait)
    processes = read_halted(tmp_path)
    assert (processes.stopped, processes.frozen) == (frozenset(), frozenset({20}))
    assert read_stopped(tmp_path, SOCKETS, processes) == {501: 20}


def test_a_socket_that_another_process_serves_too(tmp_path: Path) -> None:
    proc = FakeProc(tmp_path)
    proc.process(20, "master", 501, state="T (stopped)")
    proc.process(21, "worker", 501)
    assert read_stopped(tmp_path, SOCKETS, read_halted(tmp_path)) == {}


def test_a_stopped_process_without_listening_sockets(tmp_path: Path) -> None:
    FakeProc(tmp_path).process(20, "vi", 900, state="T (stopped)")
    assert read_stopped(tmp_path, SOCKETS, read_halted(tmp_path)) == {}
