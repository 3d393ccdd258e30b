"""A fake engine, and who follows it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from exporter.docker_engine import client as client_module
from tests.support.engine_follower import Follower
from tests.support.fake_engine import FakeEngine


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let docker-py leave the socket of a refused connection to the garbage collection."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"))


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that a test holds, or that a busy machine slows, is given all the time that it takes."""
    monkeypatch.setattr(client_module, "QUIET_SECONDS", 1000.0)
    monkeypatch.setattr(client_module, "REQUEST_TIMEOUT", 1000.0)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[FakeEngine]:
    """A fake engine that listens; whoever follows it is stopped first."""
    with FakeEngine(tmp_path) as fake:
        fake.appear()
        yield fake


@pytest.fixture
def follow(engine: FakeEngine) -> Iterator[Callable[[], Follower]]:
    """Make a follower, not started."""
    with ExitStack() as stack:

        def make() -> Follower:
            return stack.enter_context(closing(Follower(engine)))

        yield make


@pytest.fixture
def follower(follow: Callable[[], Follower]) -> Follower:
    """A follower with a first inventory."""
    return follow().synced()
