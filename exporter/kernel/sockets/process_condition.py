"""Whether a process runs, and its resident memory: /proc/PID/stat, in half of the time of status and statm."""

import os
from pathlib import Path
from typing import NamedTuple

from exporter.kernel.proc import GONE, read_record

STOPPED = frozenset({b"T", b"t"})
STATE, RESIDENT_PAGES = 0, 21  # columns after the name: the third and the 24th of proc_pid_stat(5)


class ProcessCondition(NamedTuple):
    """`stopped`: a signal has stopped it (state T; t while it is traced). `resident_memory` is in bytes."""

    stopped: bool = False
    resident_memory: int = 0


def read_condition(procfs: Path, pid: int) -> ProcessCondition:
    """Read it; neither stopped nor in memory where the process is gone, or hidden (mount option hidepid)."""
    try:
        return parse_condition(read_record(f"{procfs}/{pid}/stat"))
    except PermissionError:
        return ProcessCondition()
    except OSError as error:
        if error.errno in GONE:
            return ProcessCondition()
        raise


def parse_condition(stat: bytes) -> ProcessCondition:
    """Parse the file; its second column is a name in brackets, which may hold any character."""
    columns = stat.rpartition(b")")[2].split()
    if len(columns) <= RESIDENT_PAGES:
        return ProcessCondition()
    return ProcessCondition(columns[STATE] in STOPPED, int(columns[RESIDENT_PAGES]) * os.sysconf("SC_PAGE_SIZE"))
