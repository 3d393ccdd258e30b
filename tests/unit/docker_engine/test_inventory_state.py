"""What a message changes of the inventory, and what it requests."""

import pytest
from msgspec.structs import replace

from exporter.core.model.container_details import Details, PortBinding
from exporter.core.model.docker import Container, Engine, Exit, NetworkInspect
from exporter.docker_engine.inventory_state import MAX_EXITS, InventoryState, Listing, Reason, Subject
from exporter.docker_engine.parse import Event
from tests.support.builders import inventory, network, run, stop

FRONT = network("front")
WEB = run("web", network="front", pid=7)
INSPECTED = replace(WEB, details=Details())
WEB_SUBJECT: Subject = ("container", "web-id")
NOW = 1000.0
KNOWN = InventoryState(inventory(INSPECTED, FRONT))


def listing(*containers: Container) -> Listing:
    return Listing(Engine("host", "29", "1.52"), containers, (FRONT, network("none", driver="null")), 100.0)


def listed(state: InventoryState, *containers: Container, reason: Reason = "periodic") -> set[Subject]:
    """What is inspected after a list; no cgroup names a process."""
    return set(state.after_listing(listing(*containers), reason, lambda _: 0).inspects)


@pytest.mark.parametrize(
    ("event", "inspects", "list_networks"),
    [
        (Event("container", "start", 1, container_id="web-id"), (("container", "web-id"),), False),
        (Event("container", "exec_create", 1, container_id="web-id"), (), False),
        (Event("container", "health_status", 1, container_id="web-id"), (), False),
        (Event("network", "create", 1, network_id="new"), (("network", "new"),), True),
        (Event("network", "destroy", 1, network_id="front-net"), (), True),
        (Event("network", "connect", 1, "web-id", "front-net"), (WEB_SUBJECT, ("network", "front-net")), False),
        (Event("network", "connect", 1, "web-id", "unlisted"), (WEB_SUBJECT, ("network", "unlisted")), True),
        (Event("daemon", "reload", 1), (), False),
    ],
)  # fmt: skip
def test_an_event_requests_what_it_may_have_changed(
    event: Event, inspects: tuple[Subject, ...], *, list_networks: bool
) -> None:
    after = KNOWN.after_event(event)
    assert (after.inspects, after.networks_changed, after.inventory) == (inspects, list_networks, KNOWN.inventory)


def test_a_change_of_networks_is_kept_until_they_are_listed() -> None:
    changed = KNOWN.after_event(Event("network", "create", 1, network_id="new"))
    later = changed.after_event(Event("container", "start", 2, container_id="web-id"))
    assert later.networks_changed
    assert not later.after_networks([FRONT]).networks_changed


def test_an_inspect_of_what_is_gone_takes_it_out() -> None:
    assert KNOWN.after_inspect(("container", "web-id"), None, NOW).inventory.containers == {}
    members = KNOWN.after_inspect(("network", "front-net"), NetworkInspect(), NOW)
    assert "front-net" in members.inventory.members
    assert "front-net" not in members.after_inspect(("network", "front-net"), None, NOW).inventory.members


def test_the_first_connection_starts_and_a_later_one_reconnects() -> None:
    assert InventoryState().connected().resync == "start"
    assert replace(KNOWN, inventory=replace(KNOWN.inventory, synced_at=1.0)).connected().resync == "reconnect"


def test_a_list_that_failed_is_an_engine_that_is_away_and_is_repeated() -> None:
    failed = KNOWN.list_failed()
    assert (failed.inventory.connected, failed.resync) == (False, "reconnect")
    assert KNOWN.overflowed().list_failed().resync == "overflow"


def test_after_a_doubt_everything_is_inspected() -> None:
    assert listed(KNOWN, WEB, reason="overflow") == {("container", "web-id"), ("network", "front-net")}


def test_a_periodic_list_inspects_what_is_not_known_or_may_have_failed_to_start() -> None:
    binding = Details(bindings=(PortBinding("tcp", 80, "", 8080),))
    failed = replace(stop(run("failed")), details=binding)
    known = InventoryState(inventory(INSPECTED, failed, stop(run("done"))))
    known = known.after_inspect(("container", "done-id"), replace(stop(run("done")), details=Details()), NOW)
    found = listed(known, WEB, stop(run("failed")), stop(run("done")), run("new"))
    assert found == {("container", "failed-id"), ("container", "new-id"), ("network", "front-net")}


@pytest.mark.parametrize(("age", "waited"), [(5.0, False), (60.0, True)])
def test_a_container_that_was_created_and_not_started_is_marked(age: float, *, waited: bool) -> None:
    def created(error: str = "") -> Container:
        return replace(stop(run("app")), state="created", created=NOW, details=Details(error=error))

    subject: Subject = ("container", "app-id")
    seen = KNOWN.after_inspect(subject, created(), NOW + age)
    refused = seen.after_inspect(subject, created("network front not found"), NOW + 300)
    details = refused.inventory.containers["app-id"].details
    assert details is not None
    assert details.waited is waited
    unseen = KNOWN.after_inspect(subject, created("network front not found"), NOW + 300)
    assert unseen.inventory.containers["app-id"].details == Details(error="network front not found")


def test_a_process_is_found_by_its_cgroup() -> None:
    after = InventoryState().after_listing(listing(run("web", network="front")), "start", lambda _: 42)
    assert after.inventory.containers["web-id"].pid == 42


def test_the_exit_code_of_an_event_joins_the_inventory_with_the_next_answer() -> None:
    begun = KNOWN.after_event(Event("container", "start", 2_000_000_000, container_id="web-id"))
    ended = begun.after_event(Event("container", "die", 5_000_000_000, container_id="web-id", exit_code=137))
    assert ended.inventory is KNOWN.inventory
    gone = ended.after_inspect(("container", "web-id"), None, NOW).inventory
    assert gone.exits == {"web-id": Exit(137, 5.0, began=2.0)}
    assert ended.after_listing(listing(), "periodic", lambda _: 0).inventory.exits == gone.exits


def test_the_exits_that_are_kept_are_bounded() -> None:
    state = KNOWN
    for number in range(MAX_EXITS + 10):
        state = state.after_event(Event("container", "die", number, container_id=f"c{number}", exit_code=0))
    assert len(state.exits) == MAX_EXITS
    assert f"c{MAX_EXITS + 9}" in state.exits
