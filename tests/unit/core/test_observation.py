"""What an observation answers about readings and about a wrong network namespace."""

import pytest

from exporter.core.model.kernel_sample import RECEIVE_BYTES, TRANSMIT_BYTES, Degraded, Devices, StatsRow, swapped
from exporter.core.observation import Observation
from exporter.core.topology.topology import join
from exporter.core.topology.visibility import NO_HOST_NETWORK, missing_bridges
from tests.support.builders import bridge, device, devices, inventory, network, row

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


def test_an_engine_without_bridge_networks_misses_none() -> None:
    known = inventory(network("host", driver="host"), network("swarm", driver="overlay"))
    assert missing_bridges(join(known, devices())) == ()


def test_the_container_receives_what_the_host_end_transmits() -> None:
    host: StatsRow = (11, 1, 2, 3, 4, 5, 6, 7, 8)
    assert swapped(host) == (11, 2, 1, 4, 3, 6, 5, 8, 7)
    assert swapped(swapped(host)) == host
    assert (host[RECEIVE_BYTES], host[TRANSMIT_BYTES]) == (4, 3)
