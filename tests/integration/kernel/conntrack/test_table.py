"""The connection table of a network namespace."""

import socket
from pathlib import Path

import pytest

from exporter.kernel.conntrack.table import ConntrackReader
from tests.support.kernel.own_namespace import ip


@pytest.mark.usefixtures("namespace")
def test_the_table_of_a_namespace_is_its_own() -> None:
    """A new namespace has an empty table, whatever the machine's holds."""
    before = ConntrackReader(Path("/proc")).read()
    if before is None:
        pytest.skip("nf_conntrack is not loaded")
    assert before.entries == 0
    assert before.limit > 0
    assert (before.insert_failed, before.drop, before.early_drop) == (0, 0, 0)
    ip("link set lo up")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"x", ("127.0.0.1", 9))
    assert ConntrackReader(Path("/proc")).read() == before  # no rule here needs the tracking, so it is switched off
