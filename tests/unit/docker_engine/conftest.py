"""A fake engine, and who follows it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from exporter.docker_engine.settings import LIMITS, Limits, Timing
from tests.support.engine_follower import PATIENT, Follower
from tests.support.fake_engine import FakeEngine


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let docker-py leave the socket of a refused TCP connection to the garbage collection."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"))


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[FakeEngine]:
    """A fake engine that listens; whoever follows it is stopped first."""
    with FakeEngine(tmp_path) as fake:
        fake.appear()
        yield fake


@pytest.fixture
def limits() -> Limits:
    """Those of the program; a test overrides them by a parameter."""
    return LIMITS


@pytest.fixture
def follow(engine: FakeEngine, limits: Limits) -> Iterator[Callable[..., Follower]]:
    """Make a follower, not started."""
    with ExitStack() as stack:

        def make(timing: Timing = PATIENT, limits: Limits = limits) -> Follower:
            return stack.enter_context(closing(Follower(engine, timing, limits)))

        yield make


@pytest.fixture
def follower(follow: Callable[..., Follower]) -> Follower:
    """A follower with a first inventory."""
    return follow().synced()
