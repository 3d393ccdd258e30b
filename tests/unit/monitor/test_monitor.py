"""Both sides joined: what a scrape sees after what the engine and the kernel told."""

import pytest
import structlog
from msgspec.structs import replace
from structlog.testing import LogCapture

from exporter.core.model.docker import Interface, Inventory
from exporter.core.model.inventory import with_container, without_container
from exporter.core.model.kernel_sample import Degraded, SourceState
from exporter.core.observation import EngineStats
from exporter.core.topology.overlay import OverlayReading, OverlayRows
from exporter.monitor.monitor import Monitor
from tests.support.builders import devices, inventory, network, run, stop
from tests.support.kernel.fake_kernel import FakeKernel
from tests.support.monitored import FRONT, MAC, listed, received, to_web, web
from tests.support.port_hosts import details

NO_ADMIN = Degraded("namespaces", "no_net_admin", "grant it")


class CountedUpdates:
    """Counts no connections, and keeps the inventories of which it was to count them."""

    loaded, older_counted, host_cookie = False, False, 1

    def __init__(self) -> None:
        self.inventories: list[Inventory] = []

    def update_inventory(self, inventory: Inventory) -> None:
        """Keep it."""
        self.inventories.append(inventory)

    def read(self) -> tuple[None, SourceState]:
        """No sums."""
        return None, SourceState("connections", up=False)

    def namespaces(self, _inventory: Inventory) -> dict[int, str]:
        """None."""
        return {}

    def degraded(self) -> tuple[Degraded, ...]:
        """Nothing is missing."""
        return ()


@pytest.fixture
def log() -> LogCapture:
    """What is logged meanwhile."""
    capture = LogCapture()
    structlog.configure(processors=[capture])
    return capture


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


def test_an_unchanged_host_is_the_same_topology() -> None:
    monitor = Monitor(FakeKernel(web(11), to_web(11, 1)))
    monitor.update_inventory(listed(run("web", network="front")))
    assert monitor.observe().topology is monitor.observe().topology


def test_a_list_that_finds_the_same_is_the_same_topology_and_one_that_finds_more_is_not() -> None:
    monitor = Monitor(FakeKernel(web(11), to_web(11, 1)))
    monitor.update_inventory(listed(run("web", network="front")))
    before = monitor.observe().topology
    again = listed(run("web", network="front"))
    assert again is not before.inventory
    monitor.update_inventory(replace(again, synced_at=again.synced_at + 60))
    assert monitor.observe().topology is before
    monitor.update_inventory(replace(listed(run("web", network="front"), run("db")), synced_at=again.synced_at + 120))
    after = monitor.observe().topology
    assert after.inventory.containers.keys() == {"web-id", "db-id"}
    assert after.inventory.synced_at == again.synced_at + 120


def test_of_inspects_one_after_another_only_the_last_inventory_is_evaluated() -> None:
    """One that has what is gone later is evaluated: the counters of its devices are the container's."""
    counting = CountedUpdates()
    monitor = Monitor(FakeKernel(web(11), to_web(11, 1)), connections=counting)
    first = listed(run("web", network="front"), run("db"))
    one = with_container(first, details(first.containers["web-id"]))
    both = with_container(one, details(one.containers["db-id"]))
    gone = without_container(both, "db-id")
    monitor.update_inventory(first, one, both, gone)
    assert counting.inventories == [both, gone]


def test_the_kernel_is_asked_about_containers_with_a_namespace_of_their_own() -> None:
    kernel = FakeKernel(devices(FRONT))
    monitor = Monitor(kernel)
    containers = [run("web", network="front"), run("sharer", network="container:web-id"), run("top", network="host")]
    monitor.update_inventory(listed(*containers, stop(run("dead"))))
    assert kernel.asked_about == ["web"]
    monitor.observe()
    assert kernel.asked_about == ["web"]


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
    kernel.answer = replace(kernel.answer, degraded=(replace(NO_ADMIN, detail="of other containers"),))
    monitor.observe()
    assert [entry["reason"] for entry in log.entries] == ["no_net_admin"]


def test_a_source_that_lacks_a_privilege_which_is_named_is_not_logged_as_well(log: LogCapture) -> None:
    kernel = FakeKernel(devices())
    refused = SourceState("nat", up=False, error="no_net_admin: reading rules needs CAP_NET_ADMIN")
    kernel.answer = replace(kernel.answer, degraded=(NO_ADMIN,), sources=(refused,))
    Monitor(kernel).observe()
    assert [(entry["event"], entry["log_level"]) for entry in log.entries] == [("degraded", "warning")]


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
