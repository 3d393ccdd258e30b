"""Tests marked live make namespaces and devices of their own: they need root."""

import os
from collections.abc import Iterator

import pytest

from tests.support.kernel.own_namespace import container, own_namespace
from tests.support.private_host.engines import tool


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
