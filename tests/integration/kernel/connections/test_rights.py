"""Two capabilities are enough, for any user; without one of them the source says what is missing."""

import subprocess
import sys
from pathlib import Path

import pytest

from exporter.errors import SourceError
from exporter.kernel.connections.counter import ConnectionCounter

# Print the reason, or what was counted, and how many descriptors more than before are open.
START = """
import os, socket
from pathlib import Path
from exporter.core.model.docker import Inventory
from exporter.kernel.connections.source import ConnectionSource
before = len(os.listdir("/proc/self/fd"))
source = ConnectionSource(Path("/proc"), Path("/sys"))
source.start()
if source.loaded:
    source.update_inventory(Inventory(connected=True))
    reading, state = source.read()
    source.stop()
    print("loaded", state.up, source.older_counted)
else:
    print(source.degraded()[0].reason, len(os.listdir("/proc/self/fd")) - before)
"""
ANYBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")


@pytest.fixture
def allowed(namespace: None) -> None:
    """This kernel lets root load the programs."""
    assert namespace is None
    made = ConnectionCounter(Path("/sys"))
    try:
        made.open()
    except (OSError, SourceError) as error:
        pytest.skip(f"this kernel lets no such program in: {error}")
    made.close()


def started(*before: str) -> list[str]:
    """What a process with fewer rights says."""
    done = subprocess.run(
        [*before, sys.executable, "-c", START], capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout.splitlines()[-1].split()


@pytest.mark.usefixtures("allowed")
@pytest.mark.parametrize("rights", ["-all", "-all,+bpf", "-all,+perfmon", "-all,+net_admin,+sys_ptrace"])
def test_without_the_right_to_load_it_says_so(rights: str) -> None:
    assert started("setpriv", "--inh-caps=-all", "--bounding-set", rights) == ["no_bpf", "0"]


@pytest.mark.usefixtures("allowed")
def test_any_user_with_two_capabilities_may_count() -> None:
    rights = "-all,+bpf,+perfmon"
    before = (*ANYBODY, f"--inh-caps={rights}", f"--ambient-caps={rights}", "--bounding-set", rights)
    assert started(*before) == ["loaded", "True", "False"]


@pytest.mark.usefixtures("allowed")
def test_the_older_capability_is_enough_and_lets_older_connections_be_counted() -> None:
    rights = "-all,+sys_admin"
    assert started("setpriv", "--inh-caps=-all", "--bounding-set", rights) == ["loaded", "True", "True"]


def test_what_is_closed_says_that_it_is_not_loaded() -> None:
    with pytest.raises(SourceError, match="not loaded"):
        ConnectionCounter(Path("/sys")).read()
