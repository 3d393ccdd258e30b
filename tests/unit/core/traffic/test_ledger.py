"""Counters go on over restarts, reconnects and recreations."""

import pytest
from msgspec.structs import replace

from exporter.core.model.kernel_sample import StatsRow
from exporter.core.topology.topology import Topology, join
from exporter.core.traffic.ledger import Ledger
from tests.support.builders import bridge, devices, ended, inventory, network, rename, row, run, veth
from tests.support.histories import exposed, host

WEB = ("web", "front")


MAX_GONE = 8


@pytest.fixture
def ledger() -> Ledger:
    """One that remembers few of those that are gone."""
    return Ledger(max_gone=MAX_GONE)


def seen(ledger: Ledger, topology: Topology, *rows: StatsRow) -> dict[tuple[str, str], int]:
    """Join, read, and return the bytes that each container sent on each network (rx of its host veth)."""
    ledger.attribute(topology)
    ledger.read(rows)
    return {key: total[2] for key, total in exposed(ledger, topology).items()}


def end(ledger: Ledger, ifindex: int, sent: int) -> None:
    """The veth is gone; this much had been sent through it."""
    ledger.end([ended(veth(f"veth{ifindex}", ifindex), row(ifindex, rx=(sent, sent)), master="br-front")])


def sent(ifindex: int, count: int) -> StatsRow:
    return row(ifindex, rx=(count, count))


def test_one_life_is_its_reading(ledger: Ledger) -> None:
    topology = host(("web", "front", 11))
    ledger.attribute(topology)
    ledger.read([(11, 1, 2, 3, 4, 5, 6, 7, 8), (99, 9, 9, 9, 9, 9, 9, 9, 9)])
    assert exposed(ledger, topology) == {WEB: (1, 2, 3, 4, 5, 6, 7, 8)}


def test_a_restart_goes_on_counting(ledger: Ledger) -> None:
    assert seen(ledger, host(("web", "front", 11)), sent(11, 100)) == {WEB: 100}
    end(ledger, 11, 100)
    assert seen(ledger, host(("web", "front", 12)), sent(12, 5)) == {WEB: 105}


def test_what_was_sent_after_the_last_reading_is_counted(ledger: Ledger) -> None:
    seen(ledger, host(("web", "front", 11)), sent(11, 100))
    end(ledger, 11, 130)
    assert seen(ledger, host(("web", "front", 12)), sent(12, 0)) == {WEB: 130}


def test_final_counters_below_the_last_reading_do_not_take_anything_back(ledger: Ledger) -> None:
    seen(ledger, host(("web", "front", 11)), sent(11, 100))
    end(ledger, 11, 0)
    assert seen(ledger, host(("web", "front", 12)), sent(12, 1)) == {WEB: 101}


def test_rx_zero_in_a_teardown_is_no_reset(ledger: Ledger) -> None:
    topology = host(("web", "front", 11))
    seen(ledger, topology, row(11, rx=(100, 10), tx=(50, 5)))
    ledger.read([row(11, rx=(0, 0), tx=(60, 6))])
    assert exposed(ledger, topology) == {WEB: (10, 6, 100, 60, 0, 0, 0, 0)}


def test_two_lives_at_once_are_added(ledger: Ledger) -> None:
    """The new veth is there before the kernel told of the old one's end."""
    seen(ledger, host(("web", "front", 11)), sent(11, 100))
    assert seen(ledger, host(("web", "front", 12)), sent(12, 5)) == {WEB: 105}


def test_disconnect_and_connect_go_on_counting_without_touching_the_other_network(ledger: Ledger) -> None:
    both = host(("web", "front", 11), ("web", "back", 12))
    assert seen(ledger, both, sent(11, 100), sent(12, 7)) == {WEB: 100, ("web", "back"): 7}
    end(ledger, 11, 100)
    assert seen(ledger, host(("web", "back", 12)), sent(12, 8)) == {("web", "back"): 8}
    again = host(("web", "front", 13), ("web", "back", 12))
    assert seen(ledger, again, sent(13, 1), sent(12, 9)) == {WEB: 101, ("web", "back"): 9}


def test_a_container_recreated_under_its_name_goes_on_counting(ledger: Ledger) -> None:
    seen(ledger, host(("web", "front", 11)), sent(11, 100))
    end(ledger, 11, 100)
    seen(ledger, host())
    assert seen(ledger, host(("web", "front", 12), ids={"web": "second"}), sent(12, 5)) == {WEB: 105}


def test_a_removed_container_leaves_its_counts_to_one_of_its_name_only(ledger: Ledger) -> None:
    seen(ledger, host(("web", "front", 11)), sent(11, 100))
    end(ledger, 11, 100)
    seen(ledger, host())
    assert seen(ledger, host(("api", "front", 12)), sent(12, 5)) == {("api", "front"): 5}
    assert seen(ledger, host(("web", "back", 13), ("api", "front", 12)), sent(13, 2)) == {
        ("web", "back"): 2,
        ("api", "front"): 5,
    }


def test_counts_are_left_to_one_successor_once(ledger: Ledger) -> None:
    seen(ledger, host(("web", "front", 11)), sent(11, 100))
    end(ledger, 11, 100)
    seen(ledger, host())
    seen(ledger, host(("web", "front", 12), ids={"web": "second"}), sent(12, 5))
    end(ledger, 12, 5)
    seen(ledger, host())
    assert seen(ledger, host(("web", "front", 13), ids={"web": "third"}), sent(13, 1)) == {WEB: 106}


def test_a_renamed_container_takes_its_counts_along(ledger: Ledger) -> None:
    topology = host(("web", "front", 11))
    seen(ledger, topology, sent(11, 100))
    renamed = {key: rename(c, "api") for key, c in topology.inventory.containers.items()}
    after = host(("api", "front", 11), ids={"api": "web-id"})
    assert after.inventory.containers.keys() == renamed.keys()
    assert seen(ledger, after, sent(11, 110)) == {("api", "front"): 110}


def test_a_stopped_container_keeps_its_account_until_it_starts_again(ledger: Ledger) -> None:
    seen(ledger, host(("web", "front", 11)), sent(11, 100))
    end(ledger, 11, 100)
    for _ in range(3):
        assert seen(ledger, host(stopped=("web",))) == {}
    assert seen(ledger, host(("web", "front", 12)), sent(12, 1)) == {WEB: 101}


def test_an_attributed_veth_without_a_reading_starts_at_nothing(ledger: Ledger) -> None:
    assert seen(ledger, host(("web", "front", 11))) == {WEB: 0}


def test_only_the_last_names_of_removed_containers_are_remembered(ledger: Ledger) -> None:
    for number in range(MAX_GONE + 1):
        name = f"job{number}"
        seen(ledger, host((name, "front", 100 + number)), sent(100 + number, 7))
        end(ledger, 100 + number, 7)
    seen(ledger, host())
    first, second = host(("job0", "front", 1)), host(("job1", "front", 2))
    assert seen(ledger, first) == {("job0", "front"): 0}
    assert seen(ledger, second) == {("job1", "front"): 7}


def test_a_container_recreated_between_two_looks_goes_on_counting(ledger: Ledger) -> None:
    """After a lost event stream one list shows the old container gone and the new one there."""
    seen(ledger, host(("web", "front", 11)), sent(11, 100))
    end(ledger, 11, 100)
    assert seen(ledger, host(("web", "front", 12), ids={"web": "second"}), sent(12, 5)) == {WEB: 105}


def test_a_predecessor_whose_end_is_heard_late_still_leaves_its_counts(ledger: Ledger) -> None:
    seen(ledger, host(("web", "front", 11)), sent(11, 100))
    second = host(("web", "front", 12), ids={"web": "second"})
    seen(ledger, second, sent(12, 5))
    end(ledger, 11, 100)
    assert seen(ledger, replace(second), sent(12, 6)) == {WEB: 106}


def test_an_account_of_a_container_that_docker_no_longer_names_waits_for_its_veths_end(ledger: Ledger) -> None:
    """The engine forgets a container some milliseconds before the kernel tells of its veth."""
    seen(ledger, host(("web", "front", 11)), sent(11, 100))
    ledger.attribute(replace(host(), inventory=inventory(run("other")), devices=devices()))
    end(ledger, 11, 120)
    seen(ledger, host())
    assert seen(ledger, host(("web", "front", 12), ids={"web": "second"}), sent(12, 1)) == {WEB: 121}


def test_of_a_container_that_lives_the_beginning_is_not_forgotten_for_the_many_that_came_and_went(
    ledger: Ledger,
) -> None:
    """Recreated once, so that its own creation is not the answer."""

    def with_web(created: float, other: str) -> Topology:
        web = run("web", network="front", created=created, container_id=f"web-{created}")
        return join(
            inventory(web, run(other, network="front"), network("front")),
            replace(
                devices(bridge("br-front", 3), veth("a", 11, master=3, nsid=1), veth("b", 12, master=3, nsid=2)),
                sandboxes={web.id: 1, f"{other}-id": 2},
            ),
        )

    ledger.attribute(with_web(1.0, "db"))
    for number in range(MAX_GONE + 2):
        topology = with_web(2.0, f"brief-{number}")
        ledger.attribute(topology)
    created = ledger.created(topology)
    assert {a.container.name: created[key] for a, key, _ in topology.counted}["web"] == 1.0
