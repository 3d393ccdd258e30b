"""Both sides joined: what a scrape sees after what the engine and the kernel told."""

from dataclasses import replace

import pytest
import structlog
from structlog.testing import LogCapture

from exporter.config import COLLECTORS
from exporter.core.model.docker import Container, Interface, Inventory
from exporter.core.model.kernel_sample import Degraded, Devices, SourceState, StatsRow
from exporter.core.observation import EngineStats, Observation
from exporter.core.topology.overlay import OverlayReading, OverlayRows
from exporter.metrics.exposition import Exposition
from exporter.monitor.monitor import Monitor
from tests.support.builders import bridge, devices, ended, inventory, network, row, run, stop, veth
from tests.support.families import values
from tests.support.kernel.fake_kernel import FakeKernel

MAC = "02:42:ac:12:00:02"
FRONT = bridge("br-front", 3)
NO_ADMIN = Degraded("namespaces", "no_net_admin", "grant it")


@pytest.fixture
def log() -> LogCapture:
    """What is logged meanwhile."""
    capture = LogCapture()
    structlog.configure(processors=[capture])
    return capture


def web(ifindex: int, nsid: int = 1) -> Devices:
    """A host on which web has this veth."""
    return devices(FRONT, veth(f"veth{ifindex}", ifindex, master=3, nsid=nsid), sandboxes={"web": nsid})


def listed(*containers: Container) -> Inventory:
    return inventory(*containers, network("front"))


def received(observation: Observation) -> dict[str, float]:
    """What each endpoint received, as exposed."""
    shown = values(Exposition(COLLECTORS, own_metrics=False).render(observation).decode())
    return {
        dict(labels)["container"]: value
        for (name, labels), value in shown.items()
        if name == "dockernet_endpoint_receive_bytes_total"
    }


def to_web(ifindex: int, count: int) -> StatsRow:
    """So many bytes were received by web: its host end sent them."""
    return row(ifindex, tx=(count, 1))


def test_before_the_engine_spoke_the_devices_are_nobodys_and_nothing_is_down() -> None:
    observation = Monitor(FakeKernel(web(11), to_web(11, 5))).observe()
    assert (received(observation), observation.topology.inventory) == ({}, Inventory())
    assert observation.degraded == ()


def test_a_scrape_sees_the_inventory_and_the_kernel_as_they_are_now() -> None:
    kernel = FakeKernel(web(11), to_web(11, 100))
    monitor = Monitor(kernel)
    monitor.update_inventory(listed(run("web", network="front")))
    assert received(monitor.observe()) == {"web": 100}
    kernel.now(web(11), to_web(11, 150))
    assert received(monitor.observe()) == {"web": 150}


def test_a_restart_goes_on_counting_and_counts_the_last_moment() -> None:
    kernel = FakeKernel(web(11), to_web(11, 100))
    monitor = Monitor(kernel)
    monitor.update_inventory(listed(run("web", network="front")))
    monitor.observe()
    kernel.ended = [ended(veth("veth11", 11), to_web(11, 130), master="br-front", mac=MAC)]
    kernel.now(devices(FRONT))
    monitor.update_inventory(listed(stop(run("web", network="front"))))
    assert received(monitor.observe()) == {}
    kernel.now(web(12), to_web(12, 7))
    monitor.update_inventory(listed(run("web", network="front")))
    assert received(monitor.observe()) == {"web": 137}


def test_a_life_between_two_scrapes_is_counted() -> None:
    kernel = FakeKernel(web(11))
    monitor = Monitor(kernel)
    monitor.update_inventory(listed(run("web", network="front")))
    kernel.ended = [ended(veth("veth11", 11), to_web(11, 42), master="br-front", mac=MAC)]
    kernel.now(web(12), to_web(12, 0))
    assert received(monitor.observe()) == {"web": 42}


def test_an_unchanged_host_is_the_same_topology() -> None:
    monitor = Monitor(FakeKernel(web(11), to_web(11, 1)))
    monitor.update_inventory(listed(run("web", network="front")))
    assert monitor.observe().topology is monitor.observe().topology


def test_the_kernel_is_asked_about_containers_with_a_namespace_of_their_own() -> None:
    kernel = FakeKernel(devices(FRONT))
    monitor = Monitor(kernel)
    containers = [run("web", network="front"), run("sharer", network="container:web-id"), run("top", network="host")]
    monitor.update_inventory(listed(*containers, stop(run("dead"))))
    assert kernel.asked_about == ["web"]
    monitor.observe()
    assert kernel.asked_about == ["web"]


def test_counters_that_could_not_be_read_are_absent_and_come_back_where_they_were() -> None:
    kernel = FakeKernel(web(11), to_web(11, 100))
    monitor = Monitor(kernel)
    monitor.update_inventory(listed(run("web", network="front")))
    monitor.observe()
    kernel.answer = replace(kernel.answer, stats=None)
    failed = monitor.observe()
    assert (failed.endpoints, failed.networks, failed.splits, failed.rows) == (None,) * 4
    kernel.now(web(11), to_web(11, 101))
    assert received(monitor.observe()) == {"web": 101}


def test_an_inventory_is_kept_although_the_devices_cannot_be_read(log: LogCapture) -> None:
    kernel = FakeKernel(web(11), to_web(11, 5))
    monitor = Monitor(kernel)
    kernel.failing = True
    monitor.update_inventory(listed(run("web", network="front")))
    assert [entry["log_level"] for entry in log.entries] == ["warning"]
    assert received(monitor.observe()) == {"web": 5}


def test_endpoints_without_a_veth_are_read_inside() -> None:
    lan = inventory(run("web", network="lan", mac=MAC), network("lan", driver="macvlan"))
    found = devices(inside={1: (Interface(2, "eth0", MAC),)}, sandboxes={"web": 1})
    kernel = FakeKernel(found)
    kernel.inside = [("web-lan-endpoint", 0, 1, 0, 77, 0, 0, 0, 0), ("another", 0, 1, 0, 9, 0, 0, 0, 0)]
    monitor = Monitor(kernel)
    monitor.update_inventory(lan)
    assert received(monitor.observe()) == {"web": 77}


def network_sums(monitor: Monitor) -> dict[str, int]:
    """What each network sent, as its endpoints' devices counted it."""
    return {network_id: row[3] for network_id, row in (monitor.observe().networks or {}).items()}


@pytest.mark.parametrize("driver", ["ipvlan", "macvlan"])
def test_a_network_with_an_endpoint_that_cannot_be_read_has_no_sum(driver: str) -> None:
    """Not 0, and not what the others sent."""
    one, two = run("one", network="lan", ip="192.0.2.20"), run("two", network="lan", ip="192.0.2.21")
    eth0 = (Interface(2, "eth0", "", driver, ("192.0.2.20/32",)),)
    kernel = FakeKernel(devices(inside={1: eth0, 2: ()}, sandboxes={"one": 1, "two": 2}))
    kernel.inside = [("one-lan-endpoint", 0, 1, 77, 0, 0, 0, 0, 0)]
    monitor = Monitor(kernel)
    monitor.update_inventory(inventory(one, two, network("lan", driver=driver), network("idle", driver=driver)))
    assert network_sums(monitor) == {"idle-net": 0}
    monitor.update_inventory(inventory(one, network("lan", driver=driver)))
    assert network_sums(monitor) == {"lan-net": 77}


def test_counters_inside_that_could_not_be_read_this_time_are_absent() -> None:
    lan = inventory(run("web", network="lan", mac=MAC), network("lan", driver="macvlan"))
    kernel = FakeKernel(devices(inside={1: (Interface(2, "eth0", MAC),)}, sandboxes={"web": 1}))
    monitor = Monitor(kernel)
    monitor.update_inventory(lan)
    assert (received(monitor.observe()), network_sums(monitor)) == ({}, {})
    kernel.inside = [("web-lan-endpoint", 0, 1, 0, 77, 0, 0, 0, 0)]
    assert received(monitor.observe()) == {"web": 77}
    kernel.inside = []
    assert (received(monitor.observe()), network_sums(monitor)) == ({}, {})


def test_bridges_of_another_network_namespace_have_no_sum() -> None:
    monitor = Monitor(FakeKernel(devices()))
    monitor.update_inventory(listed(run("web", network="front")))
    assert network_sums(monitor) == {}


def test_overlays_of_containers_here_are_followed_and_their_nodes_counted() -> None:
    one = replace(run("one", network="ov"), sandbox_key="/run/docker/netns/abc")
    kernel = FakeKernel(devices())
    kernel.read_overlays = OverlayReading({"ov-net": OverlayRows(fdb=frozenset({("02:42:0a:00:01:04", "192.0.2.2")}))})
    monitor = Monitor(kernel)
    monitor.update_inventory(inventory(one, network("ov", driver="overlay"), network("elsewhere", driver="overlay")))
    assert kernel.overlay_files == {"ov-net": "/run/docker/netns/1-ov-net"}
    observation = monitor.observe()
    assert observation.overlay_peers == {"ov-net": 1}
    assert "overlays" not in observation.network.evaluation.missing
    monitor.update_inventory(inventory(network("ov", driver="overlay")))
    assert kernel.overlay_files == {}


def test_a_failed_source_is_logged_when_it_fails_and_when_it_reads_again(log: LogCapture) -> None:
    kernel = FakeKernel(devices())
    monitor = Monitor(kernel)
    good = kernel.answer
    kernel.answer = replace(good, stats=None, sources=(SourceState("link_stats", up=False, error="no memory"),))
    for _ in range(3):
        monitor.observe()
    kernel.answer = good
    for _ in range(3):
        monitor.observe()
    assert [(entry["log_level"], entry["collector"]) for entry in log.entries] == [
        ("error", "link_stats"),
        ("info", "link_stats"),
    ]


def test_a_missing_capability_is_logged_once_and_told_at_every_scrape(log: LogCapture) -> None:
    kernel = FakeKernel(devices())
    kernel.answer = replace(kernel.answer, degraded=(NO_ADMIN,))
    monitor = Monitor(kernel)
    assert [monitor.observe().degraded for _ in range(3)] == [(NO_ADMIN,)] * 3
    assert [entry["reason"] for entry in log.entries] == ["no_net_admin"]


def test_an_engine_whose_bridges_are_not_here_is_told() -> None:
    monitor = Monitor(FakeKernel(devices()))
    monitor.update_inventory(listed())
    assert [missing.reason for missing in monitor.observe().degraded] == ["no_host_network"]


def test_the_counts_of_following_the_engine_belong_to_an_observation() -> None:
    class Follower:
        def stats(self) -> EngineStats:
            return EngineStats(reconnects=3)

    monitor = Monitor(FakeKernel(devices()))
    assert monitor.observe().engine == EngineStats()
    monitor.attach_engine(Follower())
    assert monitor.observe().engine == EngineStats(reconnects=3)


def began(observation: Observation) -> float:
    """When web's counter began, as OpenMetrics tells it."""
    shown = Exposition(COLLECTORS, own_metrics=False).render(observation, openmetrics=True).decode()
    key = ("dockernet_endpoint_receive_bytes_created", (("container", "web"), ("network", "front")))
    return values(shown, openmetrics=True)[key]


def test_a_counter_that_goes_on_did_not_begin_later() -> None:
    """A reader of _created would take the whole count for what was counted since."""
    kernel = FakeKernel(web(11), to_web(11, 100))
    monitor = Monitor(kernel)
    monitor.update_inventory(listed(run("web", network="front", created=1000.0)))
    assert began(monitor.observe()) == 1000.0
    kernel.ended = [ended(veth("veth11", 11), to_web(11, 100), master="br-front", mac=MAC)]
    kernel.now(devices(FRONT))
    monitor.update_inventory(listed())
    again = run("web", network="front", container_id="second-id", created=2000.0)
    kernel.now(replace(web(12), sandboxes={"second-id": 1}), to_web(12, 1))
    monitor.update_inventory(listed(again))
    observation = monitor.observe()
    assert received(observation) == {"web": 101}
    assert began(observation) == 1000.0


def twins(*names: str, web: int = 11, db: int = 12) -> tuple[Inventory, Devices]:
    """Two networks of one name, each with a container; `names` are the containers whose networks exist."""
    old = network("front", network_id="1" * 64, bridge="br-old", created=1.0)
    new = network("front", network_id="2" * 64, bridge="br-new", created=2.0)
    homes = {"web": (old, bridge("br-old", 3), veth("a", web, master=3, nsid=1)),
             "db": (new, bridge("br-new", 4), veth("b", db, master=4, nsid=2))}  # fmt: skip
    containers = []
    for name in names:
        made = run(name, network="front")
        containers.append(replace(made, endpoints=(replace(made.endpoints[0], network_id=homes[name][0].id),)))
    links = [link for name in names for link in homes[name][1:]]
    found = devices(*links, sandboxes={name: nsid for nsid, name in ((1, "web"), (2, "db")) if name in names})
    return inventory(*containers, *(homes[name][0] for name in names)), found


def test_of_two_networks_of_one_name_the_second_goes_on_counting_when_the_first_is_removed() -> None:
    """Its label becomes the name alone; no series is there twice."""
    both, found = twins("web", "db")
    kernel = FakeKernel(found, to_web(11, 100), to_web(12, 7))
    monitor = Monitor(kernel)
    monitor.update_inventory(both)
    assert labelled(monitor.observe()) == {("web", "front"): 100, ("db", "front-222222222222"): 7}
    left, found = twins("db")
    kernel.ended = [ended(veth("a", 11), to_web(11, 100), master="br-old")]
    kernel.now(found, to_web(12, 9))
    monitor.update_inventory(left)
    assert labelled(monitor.observe()) == {("db", "front"): 9}
    kernel.now(found, to_web(12, 11))
    observation = monitor.observe()
    assert labelled(observation) == {("db", "front"): 11}
    assert sums(observation) == {"front": 111}  # under one name the sum never decreases


def labelled(observation: Observation) -> dict[tuple[str, str], float]:
    """What each endpoint received, by container and network."""
    return {
        (labels["container"], labels["network"]): value
        for labels, value in series(observation, "dockernet_endpoint_receive_bytes_total")
    }


def sums(observation: Observation) -> dict[str, float]:
    """What the endpoints of each network received."""
    found = series(observation, "dockernet_network_receive_bytes_total")
    return {labels["network"]: value for labels, value in found}


def series(observation: Observation, family: str) -> list[tuple[dict[str, str], float]]:
    """The series of a family; a duplicate would be an error of the parser."""
    shown = values(Exposition(COLLECTORS, own_metrics=False).render(observation).decode())
    return [(dict(labels), value) for (name, labels), value in shown.items() if name == family]


def test_a_life_between_two_inventories_that_come_together_is_counted() -> None:
    kernel = FakeKernel(devices(FRONT))
    monitor = Monitor(kernel)
    known = listed(run("web", network="front", mac=MAC))
    kernel.ended = [ended(veth("veth11", 11), to_web(11, 42), master="br-front", mac=MAC)]
    monitor.update_inventory(known, listed())
    kernel.now(replace(web(12), sandboxes={"again": 1}), to_web(12, 1))
    monitor.update_inventory(listed(run("web", network="front", container_id="again")))
    assert received(monitor.observe()) == {"web": 43}
