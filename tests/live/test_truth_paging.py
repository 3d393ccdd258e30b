"""With the rules as they are shipped: what must page does, in minutes, and ordinary hosts never do."""

import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.support.live.hosts import available
from tests.support.waiting import until
from tests.truth.case import BOTH
from tests.truth.cases import late, lives, networks
from tests.truth.lab import Lab
from tests.truth.pacing import every
from tests.truth.plants import both, container, process
from tests.truth.prometheus import firing, watching

PAGE_SECONDS, CALM_SECONDS, POLL_SECONDS = 180, 600, 2.0
ALWAYS = {"Name": "always"}
# a JVM that needs 40 s before it binds a port that another process holds
CRASH_LOOP = both(
    process("holder", "tcp,0.0.0.0,8398"),
    container("jvm", late.looped(40, 8398), network_mode="host", restart_policy=ALWAYS),
)
ORDINARY = (
    "443 exposed and not served",
    "row of ports for passive FTP",
    "scaled to zero",
    "health check says starting",
    "mesh with a redirect inside",
    "hot standby for one port",
    "stopped by hand, unless-stopped",
    "created and never started",
    "ended, exit code 3, no restart",
    "static addresses without a range",
    "blue and green with one address",
    "multicast DNS of two programs",
    "RFC 1918 by a core router",
    "macvlan with one address",
    "no ICC",
)

pytestmark = [pytest.mark.truth, pytest.mark.timeout(1500)]


@pytest.fixture(params=BOTH)
def lab(request: pytest.FixtureRequest) -> Iterator[Lab]:
    available(request.param)
    made = Lab(request.param, "nft")
    with watching(made.host):
        yield made
    made.close()


def test_a_crash_loop_that_needs_forty_seconds_to_its_bind_pages_within_three_minutes(lab: Lab) -> None:
    with CRASH_LOOP(lab):
        paged = every(POLL_SECONDS, lambda: any("jvm" in str(labels) for labels in firing(lab.host)))
        until(paged, PAGE_SECONDS, "an alert about jvm")


def is_warned_of(labels: dict[str, str]) -> bool:
    """A standby that restarts until its port is free is worth a warning, as its case says."""
    return labels.get("severity") == "warning" and labels.get("wanted_by") == "standby"


def test_an_ordinary_host_pages_never_in_ten_minutes(lab: Lab) -> None:
    cases = {case.name: case for case in (*late.CASES, *lives.CASES, *networks.CASES)}
    with ExitStack() as stack:
        for name in ORDINARY:
            stack.enter_context(cases[name].base(lab))
            stack.enter_context(cases[name].plant(lab))
        end = time.monotonic() + CALM_SECONDS
        paged: dict[str, dict[str, str]] = {}

        def over() -> bool:
            paged.update({labels["alertname"]: labels for labels in firing(lab.host) if not is_warned_of(labels)})
            return time.monotonic() > end

        until(every(POLL_SECONDS, over), CALM_SECONDS + PAGE_SECONDS, "the end of ten minutes")
        assert paged == {}
