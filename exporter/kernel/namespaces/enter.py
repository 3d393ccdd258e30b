"""Enter the network namespace of a container, by the file that the engine keeps of it or by the container's process."""

from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path
from typing import TypeVar

from exporter.core.model.docker import Container
from exporter.kernel.namespaces.setns import run_in_netns
from exporter.kernel.proc import is_container_process

T = TypeVar("T")


class NotEntered(Enum):
    """Why a namespace was not entered: without the capability for it; gone, or not visible from here."""

    DENIED = "denied"
    GONE = "gone"


def run_in_container(procfs: Path, container: Container, run: Callable[[], T]) -> T | NotEntered:
    """Call `run` once, in the network namespace of a container; what it opens, it closes. Raises what it raises.

    A process may have a namespace of its own (`unshare --net`): the engine's file comes first. A pid may be another
    process by now: its cgroup must name the container.
    """
    denied = False
    for file, follow in _files(procfs, container):
        try:
            return run_in_netns(file, run, follow=follow)
        except OSError as error:
            if error.filename != file:  # the namespace was entered, and `run` failed
                raise
            denied = denied or isinstance(error, PermissionError)
    return NotEntered.DENIED if denied else NotEntered.GONE


def _files(procfs: Path, container: Container) -> Iterator[tuple[str, bool]]:
    """Yield the files of its namespace, each with whether it is a link to follow."""
    if container.sandbox_key:
        yield container.sandbox_key, False
    if is_visible(procfs, container):
        yield str(procfs / str(container.pid) / "ns/net"), True


def is_visible(procfs: Path, container: Container) -> bool:
    """Whether the container's process is visible, and is the container's."""
    try:
        return bool(container.pid) and is_container_process(procfs, container.pid, container.id)
    except OSError:
        return False
