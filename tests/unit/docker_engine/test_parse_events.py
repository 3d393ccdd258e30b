"""Events: what they say to look at again."""

import pytest

from exporter.docker_engine.parse import Event, parse_event
from tests.support.recorded import ENGINES, events


@pytest.mark.parametrize("engine", ENGINES)
def test_an_event_of_a_container_names_it(engine: str) -> None:
    """With 29 the old fields status, id and from are gone."""
    found = {(e.type, e.action): e for e in map(parse_event, events(engine)) if not e.swarm}
    start = found["container", "start"]
    assert (len(start.container_id), start.network_id) == (64, "")
    assert {found["container", action].container_id for action in ("create", "start", "stop", "die")} == {
        start.container_id
    }


@pytest.mark.parametrize("engine", ENGINES)
def test_a_connect_names_both_and_a_prune_neither(engine: str) -> None:
    found = {(e.type, e.action): e for e in map(parse_event, events(engine)) if not e.swarm}
    for action in ("connect", "disconnect"):
        event = found["network", action]
        assert (len(event.container_id), len(event.network_id)) == (64, 64)
    prune = found["network", "prune"]
    assert (prune.container_id, prune.network_id) == ("", "")


@pytest.mark.parametrize("engine", ENGINES)
def test_the_managers_event_of_an_overlay_is_of_the_swarm(engine: str) -> None:
    """It carries the manager's clock, so it must not say how far the stream was read."""
    (event,) = [parsed for parsed in map(parse_event, events(engine)) if parsed.swarm]
    assert (event.type, event.action, len(event.network_id)) == ("network", "create", 25)


@pytest.mark.parametrize(
    ("told", "action"),
    [
        ("exec_create: sh -c 'echo a:b'", "exec_create"),
        ("exec_start: true", "exec_start"),
        ("health_status: healthy", "health_status"),
        ("start", "start"),
        ("", ""),
        (None, ""),
    ],
)
def test_an_action_loses_its_detail(told: str | None, action: str) -> None:
    document = {"Type": "container", "Action": told, "Actor": {"ID": "web-id"}, "timeNano": 7}
    assert parse_event(document) == Event("container", action, 7, "web-id")


@pytest.mark.parametrize("actor", [None, {}, {"ID": None, "Attributes": None}])
def test_an_event_without_an_actor_says_to_look_at_nothing(actor: object) -> None:
    assert parse_event({"Type": "network", "Action": "prune", "Actor": actor}) == Event("network", "prune", 0)


@pytest.mark.parametrize(
    ("code", "parsed"), [("137", 137), ("0", 0), (None, None), ("-1", None), ("x", None), ("9" * 5000, None)]
)
def test_an_exit_code_is_a_number_or_not_there(code: str | None, parsed: int | None) -> None:
    attributes = {} if code is None else {"exitCode": code}
    assert parse_event({"Type": "container", "Actor": {"Attributes": attributes}}).exit_code == parsed


@pytest.mark.parametrize("engine", ENGINES)
def test_the_end_of_a_container_has_its_exit_code(engine: str) -> None:
    found = [event for event in map(parse_event, events(engine)) if event.type == "container"]
    assert {event.action for event in found if event.exit_code is not None} == {"die"}
