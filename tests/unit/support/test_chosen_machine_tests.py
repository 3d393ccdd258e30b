"""`python -m tests.virtual_machine.chosen`: what fails CI, and what does not."""

import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.virtual_machine.chosen import END_SECONDS, Step, pytest_commands, run, steps, succeeds

LONG = 300
FINE, FAILS = ("true",), ("false",)
HANGS = ("sleep", str(LONG))


def noting(file: Path, code: int = 0) -> tuple[str, ...]:
    """A command that shows that it ran."""
    return ("sh", "-c", f'echo >>"$1"; exit {code}', "sh", str(file))


def test_a_test_that_fails_twice_fails_and_one_that_fails_once_does_not() -> None:
    making = Step(FINE, FAILS, LONG)
    assert run(making, Step(FINE, FAILS, LONG)) == 0
    assert run(making, Step(FAILS, FINE, LONG)) == 0
    assert run(making, Step(FAILS, FAILS, LONG)) == 1


def test_tests_that_do_not_end_fail_in_time() -> None:
    began = time.monotonic()
    assert run(Step(FINE, FINE, LONG), Step(HANGS, HANGS, 0.2)) == 1
    assert time.monotonic() - began < LONG / 2


def test_a_machine_that_was_not_made_is_tried_again(tmp_path: Path) -> None:
    tested = tmp_path / "tested"
    assert run(Step(FAILS, FINE, LONG), Step(noting(tested, 1), noting(tested, 1), LONG)) == 1
    assert tested.read_text() == "\n\n"


@pytest.mark.parametrize("making", [Step(FAILS, FAILS, LONG), Step(HANGS, FINE, 0.2)])
def test_where_no_machine_is_made_nothing_is_tested_and_that_is_said(
    making: Step, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    tested = tmp_path / "tested"
    assert run(making, Step(noting(tested), FAILS, LONG)) == 0
    assert not tested.exists()
    assert "nothing was tested" in capfd.readouterr().err


def test_what_ignores_an_interrupt_is_killed() -> None:
    began = time.monotonic()
    assert not succeeds(("sh", "-c", f"trap '' INT; exec sleep {LONG}"), 0.5, end_seconds=0.2)
    assert time.monotonic() - began < LONG / 2


@pytest.mark.parametrize(("seconds", "most"), [(3600, 900), (900, 900), (600, 600)])
def test_all_of_it_ends_within_the_time_that_is_there_and_within_15_minutes(seconds: float, most: float) -> None:
    assert sum(step.seconds for step in steps(seconds)) + 2 * END_SECONDS == pytest.approx(most)


@pytest.mark.parametrize("seconds", [30, -5])
def test_without_any_time_nothing_is_tested(seconds: float) -> None:
    making, testing = steps(seconds)
    assert run(replace(making, first=FINE, second=FINE), replace(testing, first=FAILS, second=FAILS)) == 0


def test_the_second_try_runs_what_failed_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text("def test_fine():\n    pass\n")
    fails_once = "from pathlib import Path\n\ndef test_b():\n    file = Path(__file__).with_name('ran')\n"
    fails_once += "    again = file.exists()\n    file.touch()\n    assert again\n"
    (tmp_path / "test_b.py").write_text(fails_once)
    (tmp_path / "test_c.py").write_text("def test_not_chosen():\n    assert False\n")
    first, second = pytest_commands(tmp_path, ("test_a.py::test_fine", "test_b.py::test_b"), tmp_path / "cache")
    assert not succeeds(first, LONG)
    assert succeeds(second, LONG)
    assert not succeeds(second, LONG)  # nothing has failed, and nothing was tested


def test_the_chosen_tests_are_there() -> None:
    _, testing = steps(LONG)
    done = subprocess.run([*testing.first, "--collect-only", "-q"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
