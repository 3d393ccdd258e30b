"""Changes of the inventory are new values."""

import pytest
from msgspec.structs import replace

from exporter.core.model.docker import DOCKER, PODMAN, Container, Inventory, Member, NetworkInspect, RemoteEndpoint
from exporter.core.model.inventory import (
    completes,
    disconnected,
    has_bridges,
    sandboxed,
    with_container,
    with_inspect,
    with_known,
    with_listing,
    with_networks,
    without_container,
)
from exporter.core.model.kernel_sample import Devices
from exporter.core.topology.topology import join
from exporter.core.topology.visibility import NO_HOST_NETWORK, missing_bridges
from tests.support.builders import ENGINE, connect, disconnect, inventory, network, run, stop
from tests.support.port_hosts import details


def test_a_listing_replaces_everything() -> None:
    before = inventory(run("old"), network("gone"), connected=False)
    web, front = run("web", network="front"), network("front")
    after = with_listing(before, ENGINE, [web], [front], 42.0)
    assert after == replace(inventory(web, front), synced_at=42.0)


def test_a_listing_keeps_what_only_an_inspect_tells() -> None:
    web = run("web", network="front")
    inspected = replace(web, pid=4711, sandbox_key="/run/docker/netns/abc")
    assert with_listing(inventory(inspected), ENGINE, [web], [], 1.0).containers == {"web-id": inspected}


def test_what_a_listing_finds_unchanged_is_the_same_object() -> None:
    before = inventory(run("web", network="front", pid=4711), run("db", network="front"), network("front"))
    listed = [run("web", network="front"), replace(run("db", network="front"), labels={"tier": "back"})]
    after = with_listing(before, ENGINE, listed, [network("front")], before.synced_at + 60)
    assert after.containers["web-id"] is before.containers["web-id"]
    assert after.containers["db-id"] == listed[1]
    assert after.networks["front-net"] is before.networks["front-net"]


def test_only_the_time_of_a_listing_makes_no_other_inventory() -> None:
    known = inventory(run("web", network="front"), network("front"))
    later = replace(known, synced_at=known.synced_at + 60)
    assert with_known(known, later) is known
    for other in (replace(later, connected=False), replace(later, containers={})):
        assert with_known(known, other) is other


def test_a_listing_does_not_keep_the_process_of_an_earlier_life() -> None:
    """A restart gives every endpoint another id."""
    web = run("web", network="front", pid=4711)
    restarted = replace(web, pid=0, endpoints=(replace(web.endpoints[0], endpoint_id="another"),))
    assert with_listing(inventory(web), ENGINE, [restarted], [], 1.0).containers == {"web-id": restarted}


def test_a_listing_does_not_keep_the_process_of_a_container_that_died() -> None:
    web = run("web", network="front", pid=4711)
    assert with_listing(inventory(web), ENGINE, [stop(web)], [], 1.0).containers == {"web-id": stop(web)}


def test_a_container_once_more_inspected_takes_the_place_of_the_old_one() -> None:
    before = inventory(run("web", network="front"), run("db"))
    after = with_container(before, connect(run("web", network="front"), "back"))
    assert after == inventory(connect(run("web", network="front"), "back"), run("db"))
    assert before == inventory(run("web", network="front"), run("db"))


def test_a_container_is_taken_away_alone() -> None:
    assert without_container(inventory(run("web"), run("db")), "web-id") == inventory(run("db"))


def test_taking_away_what_is_not_there_changes_nothing() -> None:
    before = inventory(run("web"))
    assert without_container(before, "db-id") is before


def test_networks_are_replaced_and_containers_kept() -> None:
    before = inventory(run("web"), network("old"))
    assert with_networks(before, [network("new")]) == inventory(run("web"), network("new"))


OV = NetworkInspect(
    members=(Member("one-id", "one", "one-endpoint"),),
    remote=(RemoteEndpoint("two-endpoint", "two", "10.0.1.4", "192.0.2.2"),),
    address_use={"10.0.1.0/24": (5, 251)},
)


def test_what_a_network_s_inspect_tells_stays_as_long_as_the_network() -> None:
    before = with_inspect(inventory(network("ov"), network("front")), "ov-net", OV)
    assert before.members == {"ov-net": OV.members}
    assert before.remote == {"ov-net": OV.remote}
    assert before.address_use == {"ov-net": OV.address_use}
    listed = with_listing(before, ENGINE, [], [network("ov")], 1.0)
    assert (listed.members, listed.remote, listed.address_use) == (before.members, before.remote, before.address_use)
    gone = with_networks(before, [network("front")])
    assert (gone.members, gone.remote, gone.address_use) == ({}, {}, {})


def test_an_inspect_that_finds_the_network_gone_forgets_what_it_told_and_leaves_the_list() -> None:
    before = inventory(network("ov"))
    assert with_inspect(with_inspect(before, "ov-net", OV), "ov-net", None) == before


def test_an_inspect_that_tells_nothing_new_changes_nothing() -> None:
    before = with_inspect(inventory(network("ov")), "ov-net", OV)
    assert with_inspect(before, "ov-net", replace(OV)) is before
    assert with_inspect(before, "ov-net", replace(OV, remote=())).remote == {"ov-net": ()}


def test_a_network_without_members_was_inspected_all_the_same() -> None:
    assert with_inspect(inventory(network("ov")), "ov-net", NetworkInspect()).members == {"ov-net": ()}


def test_an_inventory_without_its_engine_is_kept_and_called_old() -> None:
    before = inventory(run("web"), network("front"))
    assert disconnected(before) == replace(before, connected=False)


def test_only_live_containers_that_share_nothing_have_a_sandbox() -> None:
    paused = replace(run("paused"), state="paused")
    restarting = replace(run("restarting"), state="restarting")
    known = inventory(
        run("web", network="front"),
        run("idle", network="none"),
        paused,
        restarting,
        stop(run("dead")),
        run("sharer", network="container:web-id"),
        run("monitoring", network="host"),
    )
    assert [container.name for container in sandboxed(known)] == ["web", "idle", "paused"]


def test_a_container_in_the_back_off_of_its_restarts_is_not_live() -> None:
    states = ("running", "paused", "restarting", "exited", "created", "dead", "removing", "")
    assert [state for state in states if replace(run("web"), state=state).live] == ["running", "paused"]


@pytest.mark.parametrize(
    ("product", "things", "made"),
    [
        (DOCKER, (), True),
        (PODMAN, (), False),
        (PODMAN, (stop(run("web", network="front")),), False),
        (PODMAN, (run("web", network="front"),), True),
    ],
)
def test_podman_makes_a_bridge_with_the_first_container(
    product: str, things: tuple[Container, ...], *, made: bool
) -> None:
    known = replace(inventory(network("front"), *things), engine=replace(ENGINE, product=product))
    assert has_bridges(known) == made
    assert missing_bridges(join(known, Devices())) == ((NO_HOST_NETWORK,) if made else ())


FRONT = network("front")
LISTED = inventory(FRONT, run("web", network="front"), run("db", network="front"))
WEB = LISTED.containers["web-id"]
INSPECTED = with_container(LISTED, replace(details(WEB), pid=11))


def test_an_inspect_completes_what_was_listed() -> None:
    assert completes(INSPECTED, LISTED)
    assert completes(with_inspect(INSPECTED, FRONT.id, NetworkInspect((Member("web-id", "web", "e"),))), LISTED)
    assert not completes(LISTED, INSPECTED)


@pytest.mark.parametrize(
    "later",
    [
        without_container(INSPECTED, "db-id"),
        with_container(INSPECTED, run("job", network="front")),
        with_container(INSPECTED, stop(LISTED.containers["db-id"])),
        with_container(INSPECTED, disconnect(LISTED.containers["db-id"], "front")),
        with_container(INSPECTED, replace(WEB, name="shop")),
        disconnected(INSPECTED),
        with_networks(INSPECTED, [FRONT, network("back")]),
    ],
)
def test_what_was_or_what_is_new_is_not_completed(later: Inventory) -> None:
    """The earlier inventory has a state that is not seen in the later one, or the change between them is an event."""
    assert not completes(later, LISTED)


def test_another_inspect_of_a_network_is_another_state() -> None:
    first = with_inspect(LISTED, FRONT.id, NetworkInspect((Member("web-id", "web", "e"),)))
    assert not completes(with_inspect(first, FRONT.id, NetworkInspect(())), first)
