"""Tests that need root and this kernel, in network namespaces of their own, or programs fetched from Debian."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.kernel.own_namespace import container, own_namespace
from tests.support.private_host.engines import tool


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.integration)


@pytest.fixture
def namespace() -> Iterator[None]:
    """The test runs in a network namespace of its own."""
    if os.geteuid():
        pytest.skip("a network namespace needs root")
    with own_namespace():
        yield


@pytest.fixture
def sandbox(namespace: None) -> Iterator[int]:
    """A process with a network namespace of its own beside the test's, by its pid."""
    assert namespace is None
    with container() as pid:
        yield pid


@pytest.fixture(scope="session")
def busybox() -> None:
    """Fetched before a test has a network namespace of its own, from which nothing can be fetched."""
    tool("busybox")
