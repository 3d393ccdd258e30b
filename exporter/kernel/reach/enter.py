"""Enter the network namespace of a container for a visit; what prevents it is part of the answer."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from exporter.core.model.docker import Container
from exporter.core.reach.view import NAMESPACE, Unread
from exporter.kernel.namespaces import enter
from exporter.kernel.namespaces.enter import NotEntered

ENTER_RIGHTS = "CAP_SYS_ADMIN and CAP_SYS_PTRACE"
DENIED = Unread(NAMESPACE, "the network namespace cannot be entered", ENTER_RIGHTS)
NOT_INSPECTED = Unread(NAMESPACE, "the engine was not queried for it yet: try again in a second")
GONE = Unread(NAMESPACE, "the network namespace is gone or not visible from here")

T = TypeVar("T")


def run_in_container(procfs: Path, container: Container, run: Callable[[], T]) -> T | Unread:
    """Call `run` once, in the network namespace of a container; what it opens, it closes. Raises what it raises."""
    if container.details is None and not (container.sandbox_key or container.pid):
        return NOT_INSPECTED
    found = enter.run_in_container(procfs, container, run)
    if isinstance(found, NotEntered):
        return DENIED if found is NotEntered.DENIED else GONE
    return found
