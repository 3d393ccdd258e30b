"""What an observation answers about readings and about a wrong network namespace."""

from typing import Optional

import pytest
from msgspec.structs import replace

from exporter.core.model.kernel_sample import RECEIVE_BYTES, TRANSMIT_BYTES, Degraded, Devices, StatsRow, swapped
from exporter.core.observation import JOINED, Observation, Part
from exporter.core.topology.topology import join
from exporter.core.topology.visibility import NO_HOST_NETWORK, ROOTLESS, missing_bridges
from exporter.monitor.bind_failures import BindFailurePart
from exporter.monitor.engine import EnginePart
from exporter.monitor.nat import NatPart
from exporter.monitor.networks import NetworkPart
from exporter.monitor.ports import PortPart
from exporter.monitor.readings import ReadingsPart
from exporter.monitor.tcp_udp import NamespacePart
from exporter.monitor.traffic import TrafficPart
from tests.support.builders import ENGINE, bridge, device, devices, inventory, network, row

ETH0, ETH1 = device("eth0", 2), device("eth1", 3)


def test_readings_are_in_the_order_asked_with_none_for_what_was_not_read() -> None:
    observation = Observation(join(inventory(), devices()), rows={2: row(2, rx=(5, 1))})
    assert observation.readings([ETH1, ETH0]) == [None, row(2, rx=(5, 1))]


def test_a_failed_source_has_no_readings_at_all() -> None:
    assert Observation(join(inventory(), devices())).readings([ETH0]) is None


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (devices(device("lo", 1)), (NO_HOST_NETWORK,)),
        (devices(bridge("br-front", 3)), ()),
        (devices(bridge("br-other", 3)), (NO_HOST_NETWORK,)),
    ],
)
def test_an_engine_none_of_whose_bridges_is_here_is_told_as_a_wrong_namespace(
    found: Devices, expected: tuple[Degraded, ...]
) -> None:
    known = inventory(network("front"), network("back"))
    assert missing_bridges(join(known, found)) == expected


@pytest.mark.parametrize("found", [devices(device("lo", 1)), devices(bridge("br-front", 3))])
def test_a_bridge_of_the_same_name_is_not_that_of_a_rootless_engine(found: Devices) -> None:
    """Each engine has a docker0: here it is that of the other one."""
    known = replace(inventory(network("front")), engine=replace(ENGINE, uid=1000, elsewhere=True))
    topology = join(known, found)
    assert (topology.bridges, topology.host_netns_visible) == ((), False)
    assert missing_bridges(topology) == (ROOTLESS,)


def test_an_engine_without_bridge_networks_misses_none() -> None:
    known = inventory(network("host", driver="host"), network("swarm", driver="overlay"))
    assert missing_bridges(join(known, devices())) == ()


def test_the_container_receives_what_the_host_end_transmits() -> None:
    host: StatsRow = (11, 1, 2, 3, 4, 5, 6, 7, 8)
    assert swapped(host) == (11, 2, 1, 4, 3, 6, 5, 8, 7)
    assert swapped(swapped(host)) == host
    assert (host[RECEIVE_BYTES], host[TRANSMIT_BYTES]) == (4, 3)


PARTS = (BindFailurePart, EnginePart, NamespacePart, NatPart, NetworkPart, PortPart, ReadingsPart, TrafficPart)


@pytest.mark.parametrize("part", PARTS)
def test_a_part_has_names_and_types_of_an_observations_fields(part: type[Part]) -> None:
    known, own = Observation.__annotations__, part.__annotations__
    assert {name for name in own if known[name] not in (own[name], Optional[own[name]])} == set()  # noqa: UP045


def test_no_two_parts_have_a_field_in_common_but_states_of_sources() -> None:
    names = [name for part in PARTS for name in part.__annotations__ if name not in JOINED]
    assert sorted(names) == sorted(set(names))
