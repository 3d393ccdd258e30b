"""The connection table of the calling thread's network namespace; readable without any right.

Absent while the module is not loaded: nothing on the host tracks connections then, which is normal.
"""

from pathlib import Path

from exporter.core.model.conntrack import ConntrackStats
from exporter.errors import SourceError
from exporter.kernel.proc import read_text


def read_conntrack(procfs: Path) -> ConntrackStats | None:
    """Read size, limit and statistics; None where there is no table. SourceError for a value that is not a number."""
    settings = procfs / "sys/net/netfilter"
    try:
        entries = read_text(settings / "nf_conntrack_count")
        limit = read_text(settings / "nf_conntrack_max")
    except FileNotFoundError:
        return None
    try:
        statistics = read_text(procfs / "thread-self/net/stat/nf_conntrack")
    except FileNotFoundError:  # a kernel without NF_CONNTRACK_PROCFS
        statistics = ""
    try:
        return parse_conntrack(entries, limit, statistics)
    except ValueError as error:
        raise SourceError("unknown_format", f"the connection table's numbers: {error}") from error


def parse_conntrack(entries: str, limit: str, statistics: str) -> ConntrackStats:
    """Parse the three files. Raises ValueError for a value that is not a number or was cut off."""
    sums = parse_statistics(statistics)
    return ConntrackStats(
        entries=int(entries),
        limit=int(limit),
        insert_failed=sums.get("insert_failed"),
        drop=sums.get("drop"),
        early_drop=sums.get("early_drop"),
    )


def parse_statistics(text: str) -> dict[str, int]:
    """Sum net/stat/nf_conntrack over its CPUs: a line of hexadecimal numbers for each, under a line of names.

    Kernels differ in their columns. `entries` is the whole table's size in every line, and no sum.
    """
    if text and not text.endswith("\n"):
        raise ValueError("the statistics end within a line")
    names, *lines = text.splitlines() or [""]
    rows = [[int(number, 16) for number in line.split()] for line in lines]
    return {name: sum(column) for name, column in zip(names.split(), zip(*rows, strict=True), strict=False)}
