"""What the unit tests share."""

from collections.abc import Generator, Iterator

import pytest
import structlog

from tests.support.sentences import Sentence, accept, accepted, case_of

PASSED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep whether the test passed for its fixtures."""
    report = yield
    if call.when == "call":
        item.stash[PASSED] = report.passed
    return report


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    """A command that a test runs configures the logging of the process."""
    yield
    structlog.reset_defaults()


@pytest.fixture
def sentence(request: pytest.FixtureRequest) -> Iterator[Sentence]:
    """Stands for a text in a comparison; the texts of each test are in tests/golden/sentences."""
    case = case_of(request.node)
    update = request.config.getoption("--update-golden")
    standing = Sentence(accepted(case), update=update)
    yield standing
    if not request.node.stash.get(PASSED, False):
        return
    if update:
        accept(case, standing.compared)
    assert update or standing.unseen == [], f"{case.file}: no longer seen, --update-golden removes them"
