"""Live tests run on private Docker hosts; without root, or an engine that can be had, they are skipped."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.live.exposed import Exporter
from tests.support.live.hosts import available, clear, new_host
from tests.support.live.shop import Shop
from tests.support.private_host import engines
from tests.support.private_host.host import PrivateHost

__all__ = ["new_host"]
PATIENCE_SECONDS = 300  # for a test with its fixtures


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder as live, and give it time: an engine on a busy machine may be slow."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.live)
            if not item.get_closest_marker("timeout"):
                item.add_marker(pytest.mark.timeout(PATIENCE_SECONDS))


@pytest.fixture(scope="session", params=engines.TESTED, ids=list(engines.TESTED.values()))
def host(request: pytest.FixtureRequest) -> Iterator[PrivateHost]:
    """A host that the whole session shares, one for each engine, with the image loaded."""
    with PrivateHost(engine=available(request.param)) as private:
        yield private.start().load_image()


@pytest.fixture
def clean_host(host: PrivateHost) -> Iterator[PrivateHost]:
    """The shared host without containers and networks of other tests."""
    clear(host)
    yield host
    clear(host)


@pytest.fixture(scope="module")
def shop(host: PrivateHost) -> Iterator[Shop]:
    """The classic cases on the shared host, for the tests of one file."""
    clear(host)
    yield Shop(host)
    clear(host)


@pytest.fixture(scope="module")
def exporter(shop: Shop) -> Iterator[Exporter]:
    """An exporter beside the shop."""
    with Exporter(shop.host) as running:
        yield running
