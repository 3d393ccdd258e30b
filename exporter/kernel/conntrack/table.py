"""The connection table of a network namespace; readable without any right.

Absent while the module is not loaded: nothing on the host tracks connections then, which is normal.
"""

from pathlib import Path

from exporter.core.model.conntrack import ConntrackStats
from exporter.errors import SourceError
from exporter.kernel.kept_file import KeptFile


class ConntrackReader:
    """Reads the table of the network namespace in which it reads first. Not thread-safe."""

    def __init__(self, procfs: Path) -> None:
        settings = procfs / "sys/net/netfilter"
        self._entries, self._limit = KeptFile(settings / "nf_conntrack_count"), KeptFile(settings / "nf_conntrack_max")
        self._statistics = KeptFile(procfs / "thread-self/net/stat/nf_conntrack")

    def start(self) -> None:
        """Do nothing: there is no thread."""

    def stop(self) -> None:
        """Close the files."""
        for file in (self._entries, self._limit, self._statistics):
            file.close()

    def read(self) -> ConntrackStats | None:
        """Read size, limit and statistics; None where there is no table. SourceError for what is not a number."""
        try:
            entries, limit = self._entries.read(), self._limit.read()
        except FileNotFoundError:
            return None
        try:
            statistics = self._statistics.read()
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
