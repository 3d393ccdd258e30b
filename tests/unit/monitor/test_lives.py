"""Counters go on over restarts, over lives between two scrapes and over networks that are replaced."""

from msgspec.structs import replace

from exporter.config import COLLECTORS
from exporter.core.model.docker import Inventory
from exporter.core.model.kernel_sample import Devices
from exporter.core.observation import Observation
from exporter.metrics.exposition import Exposition
from exporter.monitor.monitor import Monitor
from tests.support.builders import bridge, devices, ended, inventory, network, run, stop, veth
from tests.support.families import values
from tests.support.kernel.fake_kernel import FakeKernel
from tests.support.monitored import FRONT, MAC, listed, received, to_web, web


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
