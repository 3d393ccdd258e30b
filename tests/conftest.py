"""What the whole suite offers on its command line, and how far its property tests look."""

import os

import pytest
from hypothesis import HealthCheck, settings

# How fast an example is made is the machine's affair.
EXAMPLES = int(os.environ.get("HYPOTHESIS_EXAMPLES", "100"))
PATIENT = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
# The same examples in each run, so that a change is judged by what it changes; HYPOTHESIS_PROFILE=far looks for others.
settings.register_profile("same", PATIENT, derandomize=True)
settings.register_profile("far", PATIENT, derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Golden files are written by the tests that compare with them."""
    parser.addoption("--update-golden", action="store_true", help="write the golden files of the chosen tests anew")
