"""A host to break things on, on one engine, and an exporter that is warm: what it keeps open, it has open."""

from collections.abc import Iterator

import pytest

from tests.support.live.exposed import Exporter
from tests.support.live.hosts import available, clear, new_host
from tests.support.live.wellness import Patient
from tests.support.private_host import engines
from tests.support.private_host.host import PrivateHost

__all__ = ["new_host"]


@pytest.fixture(scope="session")
def host() -> Iterator[PrivateHost]:
    """One host for all cases."""
    with PrivateHost(engine=available(engines.DEFAULT)) as private:
        yield private.start().load_image()


@pytest.fixture
def clean_host(host: PrivateHost) -> Iterator[PrivateHost]:
    """The host without what other cases left."""
    clear(host)
    yield host
    clear(host)


@pytest.fixture
def patient(clean_host: PrivateHost) -> Iterator[Patient]:
    """An exporter that has answered as many at once, and followed as much at once, as it can."""
    with Exporter(clean_host) as exporter:
        yield Patient(clean_host, exporter)
