"""Changes in Docker, each once, with what was before and what is after."""

import pytest
from msgspec.structs import replace

from exporter.core.history.change import Change
from exporter.core.model.docker import Container, Exit, Inventory
from tests.support.builders import connect, disconnect, inventory, network, rename
from tests.support.changing_hosts import NOW, STARTED, detailed, died, docker, docker_changes, started, web

WEB = web()
STOPPED = died(WEB, 137)
AGAIN = started(WEB, STARTED + 20)
PAUSED = replace(WEB, state="paused")
BOTH = connect(WEB, "back", ip="172.19.0.2")


def told(changes: list[Change]) -> list[tuple[str, str, str, str]]:
    return [(change.kind, change.subject, change.before, change.after) for change in changes]


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        (docker(), docker(WEB), [("container_started", "web", "", "running")]),
        (docker(STOPPED), docker(AGAIN), [("container_started", "web", "exited", "running")]),
        (docker(WEB), docker(STOPPED), [("container_died", "web", "running", "exit code 137 (SIGKILL)")]),
        (docker(WEB), docker(died(WEB, 3, state="restarting")), [("container_died", "web", "running", "exit code 3")]),
        (docker(WEB), docker(), [("container_died", "web", "running", "exit code unknown")]),
        (docker(WEB), docker(rename(WEB, "shop")), [("container_renamed", "shop", "web", "shop")]),
        (docker(WEB), docker(PAUSED), [("container_paused", "web", "running", "paused")]),
        (docker(PAUSED), docker(WEB), [("container_unpaused", "web", "paused", "running")]),
        (docker(PAUSED), docker(died(WEB, 137)), [("container_died", "web", "running", "exit code 137 (SIGKILL)")]),
        (docker(), docker(PAUSED), [("container_started", "web", "", "running")]),
        (docker(WEB), docker(BOTH), [("endpoint_connected", "web", "", "172.19.0.2")]),
        (docker(BOTH), docker(disconnect(BOTH, "back")), [("endpoint_disconnected", "web", "172.19.0.2", "")]),
        (docker(WEB), docker(web("172.18.0.9")), [("address_changed", "web", "172.18.0.2", "172.18.0.9")]),
        (docker(networks=()), docker(networks=("front",)), [("network_created", "front", "", "bridge, 172.18.0.0/16")]),
        (docker(networks=("front",)), docker(networks=()), [("network_removed", "front", "bridge, 172.18.0.0/16", "")]),
        (docker(WEB), docker(WEB, connected=False), [("engine_lost", "docker-host", "29.1.0", "no answer")]),
        (docker(connected=False), docker(), [("engine_returned", "docker-host", "no answer", "29.1.0")]),
    ],
)  # fmt: skip
def test_a_change_is_listed_once(before: Inventory, after: Inventory, changes: list[tuple[str, str, str, str]]) -> None:
    same = replace(after, containers=dict(after.containers), networks=dict(after.networks))
    assert told(docker_changes(before, after, after, same)) == changes


def test_what_is_first_seen_is_no_change() -> None:
    assert docker_changes(Inventory(), docker(WEB, connected=False)) == []


def test_a_life_between_two_inspects_is_an_end_and_a_start_at_dockers_times() -> None:
    again = detailed(AGAIN, finished=STARTED + 5)
    exits = {"web-id": Exit(2, STARTED + 5)}
    assert [(c.kind, c.after, c.time) for c in docker_changes(docker(WEB), replace(docker(again), exits=exits))] == [
        ("container_died", "exit code 2", STARTED + 5),
        ("container_started", "running", STARTED + 20),
    ]


def test_a_whole_life_between_two_inspects_is_a_start_and_an_end() -> None:
    short = died(started(STOPPED, STARTED + 20), 1, STARTED + 21)
    changes = docker_changes(docker(STOPPED), docker(short))
    assert [(c.kind, c.time) for c in changes] == [
        ("container_started", STARTED + 20),
        ("container_died", STARTED + 21),
    ]


def test_the_exit_code_of_a_removed_container_is_that_of_its_event() -> None:
    gone = replace(docker(), exits={"web-id": Exit(143, STARTED + 7, STARTED + 2)})
    (change,) = docker_changes(docker(WEB), gone)
    assert (change.after, change.time, change.detail) == ("exit code 143 (SIGTERM)", STARTED + 7, "removed")
    created = detailed(died(WEB, 0, 0.0, state="created"), started=0.0)
    assert [c.kind for c in docker_changes(docker(created), gone)] == ["container_started", "container_died"]


def test_the_removal_of_a_container_that_was_seen_to_end_is_no_further_life() -> None:
    ended = died(WEB, 143, STARTED + 5)
    for began in (0.0, STARTED + 0.01, STARTED + 5.01):  # the event of its end always follows that end
        assert docker_changes(docker(ended), replace(docker(), exits={"web-id": Exit(143, STARTED + 6, began)})) == []
    again = replace(docker(), exits={"web-id": Exit(1, STARTED + 9, STARTED + 8)})
    assert [c.kind for c in docker_changes(docker(ended), again)] == ["container_started", "container_died"]


def test_the_exit_code_of_an_earlier_life_is_not_taken() -> None:
    (change,) = docker_changes(docker(AGAIN), replace(docker(), exits={"web-id": Exit(9, STARTED + 7)}))
    assert change.after == "exit code unknown"


def test_reasons_of_an_end_are_its_detail() -> None:
    ended = detailed(STOPPED, oom_killed=True, error="no space", restart_policy="always")
    (change,) = docker_changes(docker(WEB), docker(replace(ended, state="restarting")))
    assert change.detail == "out of memory, no space, restart policy always"


def test_a_container_is_compared_once_it_is_inspected() -> None:
    listed = replace(STOPPED, details=None)
    assert told(docker_changes(docker(WEB), docker(listed), docker(STOPPED))) == [
        ("container_died", "web", "running", "exit code 137 (SIGKILL)")
    ]


def test_details_that_come_later_are_no_restart() -> None:
    assert docker_changes(docker(replace(WEB, details=None)), docker(WEB)) == []


def test_another_address_of_the_next_life_is_listed_and_the_same_is_not() -> None:
    moved = started(web("172.18.0.7"), STARTED + 20)
    assert [c.kind for c in docker_changes(docker(WEB), docker(STOPPED), docker(moved))][2:] == ["address_changed"]
    assert [c.kind for c in docker_changes(docker(WEB), docker(STOPPED), docker(AGAIN))][2:] == []


def test_an_address_that_is_not_there_yet_is_no_other_one() -> None:
    assert docker_changes(docker(WEB), docker(web("")), docker(WEB)) == []


@pytest.mark.parametrize("stated", [NOW - 5, NOW + 500])
def test_no_change_is_later_than_it_was_seen(stated: float) -> None:
    (change,) = docker_changes(docker(), docker(started(WEB, stated)))
    assert change.time == min(stated, NOW)


def test_all_of_one_inventory_is_in_the_order_of_docker() -> None:
    before = docker(WEB, networks=("front", "old"))
    db = connect(started(replace(WEB, id="db-id", name="db")), "back")
    after = docker(died(WEB), db, networks=("front", "back"))
    kinds = [change.kind for change in docker_changes(before, after)]
    assert kinds == ["network_created", "container_died", "container_started", "network_removed"]


def test_a_container_in_host_mode_has_no_endpoint() -> None:
    host: Container = replace(WEB, endpoints=())
    assert docker_changes(docker(host), docker(connect(host, "host"))) == []


def test_a_restarted_engine_with_another_id_of_its_bridge_has_made_no_network() -> None:
    bridge, again = network("bridge", subnet="172.17.0.0/16"), network("bridge", subnet="172.17.0.0/16", network_id="2")
    moved = replace(WEB, endpoints=tuple(replace(endpoint, network_id="2") for endpoint in WEB.endpoints))
    before, after = inventory(WEB, bridge), inventory(moved, again)
    assert docker_changes(before, after) == []
    assert [c.kind for c in docker_changes(before, replace(after, connected=False), after)] == [
        "engine_lost",
        "engine_returned",
    ]
