"""Containers that came back with another address."""

from exporter.core.model.docker import Container
from exporter.core.traffic import address_changes
from exporter.core.traffic.address_changes import AddressChanges
from tests.support.builders import connect, inventory, run, stop

FIRST, SECOND = "172.18.0.2", "172.18.0.9"
WEB = ("web", "front")


def web(ip: str = FIRST, container_id: str = "") -> Container:
    return run("web", network="front", ip=ip, container_id=container_id)


def after(*lives: Container) -> dict[tuple[str, str], int]:
    """The counts after each of these was the only container in turn."""
    changes = AddressChanges()
    for life in lives:
        changes.follow(inventory(life))
    return changes.counts(inventory(lives[-1]))


def test_an_endpoint_that_is_known_has_changed_no_time() -> None:
    assert after(web()) == {WEB: 0}


def test_another_address_after_a_restart_is_a_change() -> None:
    assert after(web(), stop(web()), web(SECOND)) == {WEB: 1}
    assert after(web(), web(SECOND), web()) == {WEB: 2}


def test_the_same_address_after_a_restart_is_none() -> None:
    assert after(web(), stop(web()), web()) == {WEB: 0}


def test_a_container_recreated_under_its_name_is_followed() -> None:
    assert after(web(container_id="one"), web(SECOND, container_id="two")) == {WEB: 1}


def test_an_address_that_is_not_told_yet_changes_nothing() -> None:
    assert after(web(), web(""), web()) == {WEB: 0}
    assert after(web(), web(""), web(SECOND)) == {WEB: 1}


def test_the_addresses_of_the_dead_are_not_looked_at() -> None:
    assert after(web(), stop(web(SECOND)), web()) == {WEB: 0}


def test_both_versions_changing_at_once_are_one_change() -> None:
    bare = run("web", network="none")
    before = connect(bare, "front", ip=FIRST, ip6="fd00::2")
    assert after(before, connect(bare, "front", ip=SECOND, ip6="fd00::9")) == {WEB: 1}
    assert after(before, connect(bare, "front", ip=FIRST, ip6="fd00::9")) == {WEB: 1}


def test_each_network_of_a_container_counts_for_itself_and_only_the_living_are_shown() -> None:
    changes = AddressChanges()
    changes.follow(inventory(connect(web(), "back", ip="10.0.0.2"), run("gone", network="front", ip="172.18.0.5")))
    now = inventory(connect(web(), "back", ip="10.0.0.9"), stop(run("gone", network="front")))
    changes.follow(now)
    assert changes.counts(now) == {("web", "back"): 1, ("web", "front"): 0}


def test_networks_without_addresses_of_their_own_have_none_to_change() -> None:
    assert after(connect(run("web", network="host"), "host")) == {}


def test_of_those_that_are_gone_the_oldest_are_forgotten() -> None:
    changes = AddressChanges()
    for number in range(address_changes.MAX_GONE + 10):
        changes.follow(inventory(run(f"job-{number}", network="front", ip=FIRST)))
        changes.counts(inventory())
    first, last = inventory(run("job-0", network="front")), inventory(run("job-4000", network="front"))
    assert changes.counts(first) == {}
    assert changes.counts(last) == {("job-4000", "front"): 0}
