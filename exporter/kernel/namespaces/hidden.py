"""Namespaces that the engine keeps next to its sandboxes, and that no process runs in: they have to be entered."""

import errno
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from exporter.errors import SourceError
from exporter.kernel.namespaces.setns import run_in_netns

NOT_MOUNTED, NO_SYS_ADMIN = "no_netns_directory", "no_sys_admin"

T = TypeVar("T")


def read_hidden(netns_file: Path, read: Callable[[], T]) -> T | None:
    """Call `read` in a hidden namespace; None where this node has none (any more).

    Raises SourceError without CAP_SYS_ADMIN, or where the engine's directory of namespaces is not to be seen.
    """
    try:
        return run_in_netns(str(netns_file), read)
    except OSError as error:
        if error.filename is None:  # it was entered, and the kernel refused to answer
            raise
        if isinstance(error, PermissionError):
            raise SourceError(NO_SYS_ADMIN, f"{netns_file} cannot be entered: {error.strerror}") from error
        if error.errno not in (errno.ENOENT, errno.EINVAL):  # EINVAL: the file outlives its namespace by a minute
            raise
        if not netns_file.parent.is_dir():
            raise SourceError(NOT_MOUNTED, f"{netns_file.parent} is not there") from error
        return None
