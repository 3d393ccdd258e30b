"""When a container that does not run is inspected again."""

from itertools import pairwise

import pytest
from msgspec.structs import replace

from exporter.core.model.container_details import Details, PortBinding
from exporter.core.model.docker import Container
from exporter.docker_engine.settings import TIMING
from exporter.docker_engine.start_checks import StartChecks, may_start
from tests.support.builders import inventory, run, stop

PORT = Details(bindings=(PortBinding("tcp", 80, "", 8080),))
CREATED = replace(stop(run("web")), state="created", details=PORT)


@pytest.mark.parametrize(
    ("container", "expected"),
    [
        (CREATED, True),
        (replace(CREATED, details=None), True),
        (replace(CREATED, details=Details()), True),
        (replace(CREATED, state="exited"), True),
        (replace(CREATED, state="exited", details=Details(restart_policy="always")), True),
        (replace(CREATED, state="exited", details=Details()), False),
        (replace(run("web"), details=PORT), False),
    ],
)
def test_what_was_not_started_yet_publishes_or_restarts_may_be_refused(container: Container, *, expected: bool) -> None:
    assert may_start(container) is expected


def test_a_container_is_due_at_each_delay_and_then_no_more() -> None:
    checks = StartChecks((1.0, 3.0))
    checks.schedule("web-id", 10.0)
    known = inventory(CREATED)
    assert [checks.take(known, now) for now in (10.5, 11.0, 11.5, 13.0, 20.0)] == [[], ["web-id"], [], ["web-id"], []]


def test_another_event_begins_anew_and_delays_that_were_missed_are_one() -> None:
    checks = StartChecks((1.0, 3.0))
    checks.schedule("web-id", 10.0)
    checks.schedule("web-id", 12.0)
    assert [checks.take(inventory(CREATED), now) for now in (12.5, 20.0, 21.0)] == [[], ["web-id"], []]


def test_what_runs_is_left_alone() -> None:
    checks = StartChecks((1.0, 3.0))
    checks.schedule("web-id", 10.0)
    assert checks.take(inventory(run("web")), 11.0) == []
    assert checks.take(inventory(CREATED), 20.0) == []


def test_what_is_not_known_yet_is_due_later() -> None:
    checks = StartChecks((1.0, 3.0))
    checks.schedule("web-id", 10.0)
    assert checks.take(inventory(), 11.0) == []
    assert checks.take(inventory(CREATED), 13.0) == ["web-id"]
    checks.schedule("gone-id", 10.0)
    assert [checks.take(inventory(), now) for now in (13.0, 20.0)] == [[], []]


def test_a_refused_start_is_seen_within_five_seconds_of_ten_after_an_event() -> None:
    delays = (0.0, *TIMING.start_checks)
    assert max(after - before for before, after in pairwise(delays)) <= 4.0
    assert delays[-1] >= 10.0
