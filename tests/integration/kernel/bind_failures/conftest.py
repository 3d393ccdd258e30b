"""The program on this machine's own kernel: it needs root, and a kernel that lets it in."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from exporter.errors import SourceError
from exporter.kernel.bind_failures.attachment import ALL
from exporter.kernel.bind_failures.watcher import BindFailures

SYS = Path("/sys")


@pytest.fixture
def failures(namespace: None) -> Iterator[BindFailures]:
    """Armed in a network namespace of the test's own; what others are refused meanwhile is told too."""
    assert namespace is None
    made = BindFailures(SYS, ALL)
    try:
        made.open()
    except SourceError as error:
        pytest.skip(f"this kernel lets no such program in: {error}")
    yield made
    made.close()


@pytest.fixture
def root() -> None:
    """Only root loads programs."""
    if os.geteuid():
        pytest.skip("loading a BPF program needs root")
