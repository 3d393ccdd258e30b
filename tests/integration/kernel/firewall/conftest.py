"""One host for the cases of a file."""

import os
from collections.abc import Iterator

import pytest

from tests.support.kernel.walk_lab import Lab, lab


@pytest.fixture(scope="module")
def host() -> Iterator[Lab]:
    """A host with an uplink, a bridge and a container, and Docker's rules."""
    if os.geteuid():
        pytest.skip("a network namespace needs root")
    with lab() as made:
        yield made
