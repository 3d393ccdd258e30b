"""A file of /proc that is read at each scrape and stays open for that."""

import os
from pathlib import Path

READ_BYTES = 1 << 16  # at once


class KeptFile:
    """One file: a reading is a system call or two in place of four, and builds no path. Not thread-safe.

    It shows the network namespace of the thread that reads first.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = str(path)
        self._descriptor = -1

    def read(self) -> str:
        """Read it from its begin. Raises OSError, FileNotFoundError for one that is not there, or no longer."""
        opened = self._descriptor < 0
        if opened:
            self._descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            data = os.read(self._descriptor, READ_BYTES) if opened else os.pread(self._descriptor, READ_BYTES, 0)
            # A setting is one line; files of more lines come in pieces.
            while data.count(b"\n") != 1 and (part := os.pread(self._descriptor, READ_BYTES, len(data))):
                data += part
        except OSError:
            self.close()  # of a module that was unloaded: it may be loaded again
            raise
        return data.decode("utf-8", "replace")

    def close(self) -> None:
        """Close it; a later reading opens it again."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1
