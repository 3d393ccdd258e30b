"""What the whole suite offers on its command line."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Golden expositions are written by the tests that compare with them."""
    parser.addoption("--update-golden", action="store_true", help="write tests/hosts/*/metrics.prom anew")
