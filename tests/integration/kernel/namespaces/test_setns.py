"""Visits to other network namespaces: where the read happens, and where its thread is afterwards."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from exporter.kernel.namespaces.setns import run_in_netns

OWN = Path("/proc/thread-self/ns/net")
# A process whose user namespace owns the namespace that it visits, and not the one that it is in.
VISITOR = """
import subprocess, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from exporter.kernel.namespaces.setns import run_in_netns

OWN = Path("/proc/thread-self/ns/net")

def visit(path):
    before = OWN.readlink()
    visited = run_in_netns(path, OWN.readlink, follow=True)
    return before == OWN.readlink(), visited != before, visited == Path(path).readlink()

with subprocess.Popen(["unshare", "--net", "sh", "-c", "echo; exec cat"], stdin=-1, stdout=-1) as other:
    other.stdout.read(1)
    with ThreadPoolExecutor(1) as pool:
        print(pool.submit(visit, f"/proc/{other.pid}/ns/net").result())
    other.stdin.close()
"""


@pytest.fixture
def other() -> Iterator[str]:
    """The file of another network namespace, of a process."""
    command = ["unshare", "--net", "sh", "-c", "echo; exec cat"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        process.stdout.read(1)
        yield f"/proc/{process.pid}/ns/net"
        process.stdin.close()


def where() -> tuple[Path, int]:
    """The namespace of the calling thread, and the thread."""
    return OWN.readlink(), threading.get_ident()


def test_a_worker_visits_and_returns(other: str) -> None:
    with ThreadPoolExecutor(1) as pool:
        home, worker = pool.submit(where).result()
        visited = pool.submit(run_in_netns, other, where, follow=True).result()
        assert visited == (Path(other).readlink(), worker)
        assert pool.submit(where).result() == (home, worker)


def test_a_worker_returns_from_a_read_that_fails(other: str) -> None:
    def fail() -> None:
        raise ValueError(OWN.readlink())

    with ThreadPoolExecutor(1) as pool:
        home, worker = pool.submit(where).result()
        with pytest.raises(ValueError, match=str(Path(other).readlink()).replace("[", r"\[")):
            pool.submit(run_in_netns, other, fail, follow=True).result()
        assert pool.submit(where).result() == (home, worker)


def test_the_main_thread_stays_for_it_is_proc_self(other: str) -> None:
    home, main = where()
    visited, thread = run_in_netns(other, where, follow=True)
    assert (visited, thread != main) == (Path(other).readlink(), True)
    assert where() == (home, main)


def test_a_worker_that_could_not_return_stays() -> None:
    """One that left its namespace is not let in again: its user namespace does not own it."""
    command = ["unshare", "--user", "--map-root-user", sys.executable, "-c", VISITOR]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout.strip(), done.stderr) == ("(True, True, True)", "")
