"""The connection table: the files of two kernels."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from exporter.core.model.conntrack import ConntrackStats
from exporter.kernel.conntrack.table import ConntrackReader, parse_conntrack, parse_statistics
from tests.support.kernel.proc_files import STATISTICS

OLDER = """\
entries  searched found new invalid ignore delete delete_list insert insert_failed drop early_drop
00000003  00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000001 00000002 00000003
"""


def proc(root: Path, files: Mapping[str, str]) -> Path:
    """A /proc with these files."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


COUNT = {"sys/net/netfilter/nf_conntrack_count": "12\n", "sys/net/netfilter/nf_conntrack_max": "262144\n"}


def test_the_table_is_read_from_three_files(tmp_path: Path) -> None:
    found = ConntrackReader(proc(tmp_path, {**COUNT, "thread-self/net/stat/nf_conntrack": STATISTICS})).read()
    assert found == ConntrackStats(12, 262144, insert_failed=250, drop=267, early_drop=13)


def test_without_statistics_the_losses_are_unknown(tmp_path: Path) -> None:
    assert ConntrackReader(proc(tmp_path, COUNT)).read() == ConntrackStats(12, 262144)


def test_without_the_module_there_is_no_table(tmp_path: Path) -> None:
    assert ConntrackReader(tmp_path).read() is None


def test_what_may_not_be_read_is_an_error_and_not_an_absence(tmp_path: Path) -> None:
    (tmp_path / "sys/net/netfilter/nf_conntrack_count").mkdir(parents=True)
    with pytest.raises(OSError, match="directory"):
        ConntrackReader(tmp_path).read()


def test_columns_are_found_by_their_names() -> None:
    assert parse_conntrack("3\n", "65536\n", OLDER) == ConntrackStats(3, 65536, 1, 2, 3)
    assert parse_conntrack("3\n", "65536\n", "entries found\n00000003 00000001\n") == ConntrackStats(3, 65536)


def test_nothing_counted_is_nothing_known() -> None:
    assert parse_statistics("") == {}
    assert parse_statistics("entries drop\n") == {}
