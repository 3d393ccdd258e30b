"""`python -m tests.virtual_machine.chosen`: a few tests in a machine that is made first, in at most 15 minutes.

A host that cannot make a machine in time is no failure: nothing was tested, and a line says so. From the installation
of the exporter on, what fails is a failure, and so is what does not end. Each of both steps is tried twice.
"""

import argparse
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.virtual_machine.qemu import DIES_WITH_PARENT
from tests.virtual_machine.root import REPOSITORY

KERNEL: Final = "6.1"
CHOSEN: Final = (
    "test_unit.py::test_the_unit_is_active_no_earlier_than_it_answers[6.1]",
    "test_unit.py::test_the_process_has_one_capability_and_no_user_of_its_own[6.1]",
    "test_unit.py::test_the_unit_is_within_its_limits_and_was_never_restarted[6.1]",
    "test_bpf.py::test_connections_are_counted_to_the_byte_with_the_reasons_of_those_that_fail[6.1]",
    "test_parents.py::test_the_bytes_of_two_containers_are_those_inside[6.1-ipvlan-l2]",
)
PYTHON: Final = (sys.executable, "-m")
MAKE: Final = (*PYTHON, "tests.virtual_machine", "--kernel", KERNEL, "--make")
WHAT_FAILED: Final = ("--last-failed", "--last-failed-no-failures", "none")
MOST_SECONDS: Final = 15 * 60
END_SECONDS: Final = 20  # for what is interrupted
# A host that is too slow for the tests is not to get as far as the tests: their time is the longer one.
MAKING_SHARE: Final = 0.4


@dataclass(frozen=True)
class Step:
    """A command, what its second try is, and how long both may take together."""

    first: Sequence[str]
    second: Sequence[str]
    seconds: float

    def succeeds(self) -> bool:
        """Run it, and the second try when the first one has failed and time is left."""
        deadline = time.monotonic() + self.seconds
        return any(succeeds(argv, deadline - time.monotonic()) for argv in (self.first, self.second))


def main() -> int:
    """Make a machine and run the tests; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.virtual_machine.chosen", description=__doc__)
    parser.add_argument(
        "--seconds", type=float, default=MOST_SECONDS, help="the time for all of it, 15 minutes at most"
    )
    return run(*steps(parser.parse_args().seconds))


def steps(seconds: float) -> tuple[Step, Step]:
    """Both steps for this time."""
    first, second = pytest_commands(REPOSITORY / "tests/machines", CHOSEN, REPOSITORY / ".pytest_cache/chosen")
    usable = max(min(seconds, MOST_SECONDS) - 2 * END_SECONDS, 0)
    making = MAKING_SHARE * usable
    return Step(MAKE, MAKE, making), Step(first, second, usable - making)


def pytest_commands(folder: Path, names: Sequence[str], cache: Path) -> tuple[Sequence[str], Sequence[str]]:
    """The commands that run tests of a folder, and those of them that failed.

    The second one names no tests: pytest skips files in which none failed, and would not find those that are named. The
    cache is one of its own, so that no other tests are among them.
    """
    pytest = (*PYTHON, "pytest", "--durations", "0", "-o", f"cache_dir={cache}")
    return (*pytest, *(f"{folder}/{name}" for name in names)), (*pytest, *WHAT_FAILED, str(folder))


def run(making: Step, testing: Step) -> int:
    """Make, and test what was made; 1 when a test fails."""
    if not making.succeeds():
        print("no machine could be made here in time: nothing was tested in one", file=sys.stderr)
        return 0
    return 0 if testing.succeeds() else 1


def succeeds(argv: Sequence[str], seconds: float, end_seconds: float = END_SECONDS) -> bool:
    """Whether a command ends with 0 in this time; it is interrupted, and killed `end_seconds` later.

    It ends with this process, as do the machines that it has started.
    """
    if seconds <= 0:
        return False
    with subprocess.Popen([*DIES_WITH_PARENT, *argv]) as process:
        try:
            return process.wait(seconds) == 0
        except subprocess.TimeoutExpired:
            print(f"not ended after {seconds:.0f} s: {' '.join(argv[:5])} ...", file=sys.stderr)
            process.send_signal(signal.SIGINT)
            try:
                process.wait(end_seconds)
            except subprocess.TimeoutExpired:
                process.kill()
            return False


if __name__ == "__main__":
    sys.exit(main())
