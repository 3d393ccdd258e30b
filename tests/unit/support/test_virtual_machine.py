import itertools
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.virtual_machine import agent, cache, kernel, qemu
from tests.virtual_machine.lines import Lines
from tests.virtual_machine.monitor import Monitor, MonitorError
from tests.virtual_machine.releases import RELEASES

FILES = qemu.Descriptors(disk=3, agent=5, monitor=6)


def filled(folder: Path) -> None:
    (folder / "disk").write_text("whole")


def argument(command: list[str], option: str) -> str:
    return command[command.index(option) + 1]


def test_the_same_parts_at_other_places_have_another_digest() -> None:
    assert cache.digest("ab", "c") != cache.digest("a", "bc")
    assert cache.digest("ab", b"c") == cache.digest("ab", "c")


def test_a_folder_is_made_once(tmp_path: Path) -> None:
    made: list[Path] = []
    for _ in range(2):
        folder = cache.made("root", "1", made.append, tmp_path)
    assert len(made) == 1
    assert folder == tmp_path / "root-1"


def test_a_folder_that_was_not_finished_is_not_there_and_is_removed_by_the_next(tmp_path: Path) -> None:
    def fails(folder: Path) -> None:
        filled(folder)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.made("root", "1", fails, tmp_path)
    assert not (tmp_path / "root-1").exists()
    cache.made("root", "1", filled, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"root-1", "root.lock"}


def test_the_folders_used_last_are_kept_and_those_of_other_kinds(tmp_path: Path) -> None:
    cache.made("root", "other-kind", filled, tmp_path / "other")
    for number in range(cache.KEPT + 1):
        os.utime(cache.made("engine", str(number), filled, tmp_path), (number, number))
    cache.made("engine", "0", filled, tmp_path)
    cache.made("engine", "new", filled, tmp_path)
    kept = {path.name for path in tmp_path.glob("engine-*")}
    assert kept == {"engine-new", "engine-0", f"engine-{cache.KEPT}"}


def test_no_release_removes_what_is_kept_for_another(tmp_path: Path) -> None:
    """The folders of a kind are found by the beginning of their names."""
    for release in RELEASES.values():
        for number in range(cache.KEPT):
            cache.made(f"root-{release.name}", str(number), filled, tmp_path)
    assert len(list(tmp_path.glob("root-*-*"))) == cache.KEPT * len(RELEASES)


def test_the_newest_of_several_kernels_is_taken() -> None:
    names = ("7.2.9+deb14-cloud-amd64", "7.2.13+deb14-cloud-amd64", "6.19.2+deb14-cloud-amd64")
    assert max(map(Path, names), key=kernel.numbers) == Path(names[1])


def test_a_machine_needs_no_kvm_and_dies_with_its_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOCKERNET_MACHINE_KVM", raising=False)
    command = qemu.command(Path("/root"), FILES, qemu.accelerator())
    assert argument(command, "-accel").startswith("tcg")
    assert command[:3] == ["setpriv", "--pdeathsig", "KILL"]
    monkeypatch.setenv("DOCKERNET_MACHINE_KVM", "1")
    assert qemu.accelerator() == "kvm"


def test_a_machine_without_a_wire_reaches_nothing() -> None:
    alone = qemu.command(Path("/root"), FILES, "tcg")
    netdevs = [value for option, value in itertools.pairwise(alone) if option == "-netdev"]
    assert {value.partition(",")[0] for value in netdevs} == {"hubport"}
    wired = qemu.Descriptors(3, 5, 6, network=7)
    assert argument(qemu.command(Path("/root"), wired, "tcg"), "-netdev") == "socket,id=wire,fd=7"


def test_a_snapshot_is_what_a_machine_goes_on_from() -> None:
    assert "-loadvm" not in qemu.command(Path("/root"), FILES, "tcg")
    assert argument(qemu.command(Path("/root"), FILES, "tcg", "running"), "-loadvm") == "running"


def test_the_agent_gives_output_and_code_of_a_command() -> None:
    job = {"argv": ["sh", "-c", "cat; echo no >&2; exit 3"], "stdin": agent.text(b"in\0put"), "seconds": 60}
    assert agent.answer(job) == {"code": 3, "stdout": agent.text(b"in\0put"), "stderr": agent.text(b"no\n")}


def test_the_agent_says_what_did_not_start_and_what_did_not_end() -> None:
    assert agent.answer({"argv": ["/no/such"], "stdin": "", "seconds": 60})["code"] == agent.NOT_STARTED
    slow = {"argv": ["sh", "-c", "echo begun; sleep 600"], "stdin": "", "seconds": 0.5}
    assert agent.answer(slow)["code"] == agent.TIMED_OUT


def test_documents_are_read_whole_however_they_are_cut() -> None:
    here, there = socket.socketpair()
    with there, Lines(here) as lines:
        for piece in (b'{"id"', b": 1}\n", b'{"id": 2}\n{"id": 3}\n'):
            there.sendall(piece)
        assert [lines.receive(10)["id"] for _ in range(3)] == [1, 2, 3]
        with pytest.raises(TimeoutError):
            lines.receive(0.01)
        there.shutdown(socket.SHUT_WR)
        with pytest.raises(EOFError):
            lines.receive(10)


def test_the_monitor_skips_events_and_raises_what_qemu_refuses() -> None:
    here, there = socket.socketpair()
    answers: tuple[dict[str, object], ...] = (
        {"QMP": {}},
        {"return": {}},
        {"event": "RESUME"},
        {"return": "Error: no block device\r\n"},
    )
    with there, Lines(here) as lines:
        there.sendall(b"".join(json.dumps(answer).encode() + b"\n" for answer in answers))
        monitor = Monitor(lines)
        with pytest.raises(MonitorError, match="no block device"):
            monitor.save("running")
        there.sendall(b'{"error": {"desc": "unknown"}}\n')
        with pytest.raises(MonitorError, match="unknown"):
            monitor.quit()


def test_the_agent_runs_with_the_standard_library_alone() -> None:
    isolated = (sys.executable, "-I", "-S", "-c", "import runpy, sys; runpy.run_path(sys.argv[1])", agent.__file__)
    subprocess.run(isolated, check=True)
