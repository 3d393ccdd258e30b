"""What stayed inside of a bridge network, and what crossed to or from the host."""

from exporter.core.model.kernel_sample import StatsRow
from exporter.core.traffic.bridge_split import Splits
from tests.support.builders import row


def split(splits: Splits, port: StatsRow, bridge: StatsRow) -> StatsRow:
    (found,) = splits.split(["front"], [port], [bridge])
    return found


def test_what_the_bridge_device_did_not_see_stayed_inside() -> None:
    """The device counts what it received without the 14 bytes of each frame's header, the ports with them."""
    ports = row(0, rx=(10_012_326, 1000), tx=(500, 5))
    assert split(Splits(), ports, row(0, rx=(2800, 100), tx=(4000, 40))) == (0, 4000, 4200, 10_012_326 - 4200)


def test_traffic_with_the_host_alone_leaves_nothing_inside() -> None:
    ports = row(0, rx=(10_079_136, 212))
    assert split(Splits(), ports, row(0, rx=(10_076_168, 212))) == (0, 0, 10_079_136, 0)


def test_nothing_goes_back_although_ports_and_bridge_are_not_read_at_once() -> None:
    splits = Splits()
    assert split(splits, row(0, rx=(1000, 1)), row(0)) == (0, 0, 0, 1000)
    assert split(splits, row(0, rx=(1000, 1)), row(0, rx=(986, 1))) == (0, 0, 1000, 1000)
    assert split(splits, row(0), row(0)) == (0, 0, 1000, 1000)


def test_more_on_the_bridge_than_on_its_ports_is_nothing_inside() -> None:
    assert split(Splits(), row(0), row(0, rx=(5000, 5))) == (0, 0, 5070, 0)


def test_every_network_has_a_split_of_its_own_in_the_order_asked() -> None:
    found = Splits().split(["a", "b"], [row(0, rx=(1, 0)), row(0, rx=(2, 0))], [row(0), row(0, tx=(3, 0))])
    assert found == [(0, 0, 0, 1), (0, 3, 0, 2)]
