"""What the tests of the server share."""

from pathlib import Path

import pytest
import structlog
from structlog.testing import LogCapture

from tests.support.web_keys import Keys


@pytest.fixture
def log() -> LogCapture:
    """What is logged meanwhile."""
    capture = LogCapture()
    structlog.configure(processors=[capture])
    return capture


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    """Certificates in a folder of the test's own."""
    return Keys(tmp_path)
