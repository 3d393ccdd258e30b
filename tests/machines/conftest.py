"""Tests in virtual machines, by `make test-machines`, the chosen ones also by `make test-machine`.

Each has a machine of its own, restored in seconds.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.private_host.apt import PackageUnavailableError
from tests.virtual_machine import snapshot
from tests.virtual_machine.machine import Machine
from tests.virtual_machine.releases import RELEASES, Release

TEST_SECONDS = 3600  # a machine without KVM is ten times slower, and the first test makes its disk


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder, and give it time."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.machine)
            item.add_marker(pytest.mark.timeout(TEST_SECONDS))


@pytest.fixture(scope="session", params=RELEASES)
def release(request: pytest.FixtureRequest) -> Release:
    """A Debian release whose snapshot is there. Without a machine tests are skipped; without the exporter they fail."""
    return available(RELEASES[request.param])


@pytest.fixture(scope="session")
def trixie() -> Release:
    """Debian 13 with its own kernel: the release that has Podman, firewalld and the programs of rootless engines."""
    return available(RELEASES["6.12"])


def available(chosen: Release) -> Release:
    """This release, once its snapshot is there."""
    if os.geteuid():
        pytest.skip("a machine's disk is made by root")
    try:
        snapshot.with_engine(chosen)
    except PackageUnavailableError as error:
        pytest.skip(f"no Debian {chosen.suite}: {error}")
    snapshot.with_exporter(chosen)
    return chosen


@pytest.fixture
def machine(release: Release) -> Iterator[Machine]:
    """A machine whose engine and exporter run."""
    with snapshot.machine(release) as running:
        yield running
