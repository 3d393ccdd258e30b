"""nsids as the kernel answers them, and whose process is believed."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from exporter.core.model.docker import Container
from exporter.kernel.namespaces.resolver import NamespaceResolver
from exporter.kernel.netlink.nsid import NETNSA_PID, UNASSIGNED, parse_nsid, read_nsid
from tests.support.builders import run
from tests.support.kernel.messages import FakeSocket, as_socket, nsid_answer, refusal

WEB = run("web", network="front", pid=4711)


@pytest.fixture
def resolver(tmp_path: Path) -> Iterator[NamespaceResolver]:
    """One whose /proc is a folder of the test's."""
    made = NamespaceResolver(tmp_path)
    yield made
    made.close()


def process(proc: Path, pid: int, container: Container) -> None:
    """A process of a container, whose network namespace is this one's."""
    folder = proc / str(pid)
    (folder / "ns").mkdir(parents=True)
    (folder / "cgroup").write_text(f"0::/system.slice/docker-{container.id}.scope\n")
    (folder / "ns/net").symlink_to("/proc/self/ns/net")


@pytest.mark.parametrize("nsid", [0, 3, 2**31 - 1, UNASSIGNED])
def test_an_answer_holds_an_nsid(nsid: int) -> None:
    answer = nsid_answer(nsid)
    assert parse_nsid(memoryview(answer), 16, len(answer)) == nsid
    assert read_nsid(as_socket(FakeSocket(lambda sequence: [nsid_answer(nsid, sequence)])), NETNSA_PID, 1) == nsid


def test_a_process_that_is_gone_is_an_error() -> None:
    sock = FakeSocket(lambda sequence: [refusal(errno.ESRCH, sequence)])
    with pytest.raises(ProcessLookupError):
        read_nsid(as_socket(sock), NETNSA_PID, 1)


def test_a_late_answer_is_not_taken_for_that_of_the_next_question() -> None:
    """After a time-out the kernel still answers: its nsid would be given to another container."""
    sock = as_socket(
        FakeSocket(
            lambda sequence: [TimeoutError("too late"), nsid_answer(1, sequence)],
            lambda sequence: [nsid_answer(2, sequence)],
        )
    )
    with pytest.raises(TimeoutError):
        read_nsid(sock, NETNSA_PID, 100)
    assert read_nsid(sock, NETNSA_PID, 200) == 2


def test_a_container_in_our_own_namespace_has_no_sandbox(resolver: NamespaceResolver, tmp_path: Path) -> None:
    process(tmp_path, 4711, WEB)
    assert resolver.sandboxes([WEB], set()) == {}
    assert resolver.hidden == set()


def test_the_process_of_somebody_else_is_not_believed(resolver: NamespaceResolver, tmp_path: Path) -> None:
    process(tmp_path, 4711, run("db"))
    assert resolver.sandboxes([WEB], set()) == {}
    assert resolver.hidden == {"web-id"}


def test_a_process_that_cannot_be_seen_is_told(resolver: NamespaceResolver) -> None:
    resolver.sandboxes([WEB, replace(run("db"), pid=0)], set())
    assert resolver.hidden == {"web-id", "db-id"}


def test_a_sandbox_key_without_a_file_is_told_as_hidden(resolver: NamespaceResolver, tmp_path: Path) -> None:
    gone = replace(run("web"), sandbox_key=str(tmp_path / "netns/gone"))
    assert resolver.sandboxes([gone], set()) == {}
    assert resolver.hidden == {"web-id"}


def test_a_sandbox_key_that_is_no_namespace_is_told_as_hidden(resolver: NamespaceResolver, tmp_path: Path) -> None:
    (tmp_path / "regular").write_text("")
    strange = replace(run("web"), sandbox_key=str(tmp_path / "regular"))
    assert resolver.sandboxes([strange], set()) == {}
    assert resolver.hidden == {"web-id"}


def test_no_containers_have_no_sandboxes(resolver: NamespaceResolver) -> None:
    assert resolver.sandboxes([], set()) == {}
    assert resolver.hidden == set()


def test_a_sandbox_file_that_is_a_fifo_hides_its_container_and_nothing_waits(
    resolver: NamespaceResolver, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "sandbox")
    planted = replace(WEB, sandbox_key=str(tmp_path / "sandbox"))
    assert resolver.sandboxes([planted], set()) == {}
    assert resolver.hidden == {WEB.id}
