"""What stayed inside of a bridge network, and what crossed to or from the host."""

from exporter.core.model.kernel_sample import StatsRow
from exporter.core.traffic.bridge_split import Splits
from tests.support.builders import row


def split(splits: Splits, port: StatsRow, bridge: StatsRow) -> StatsRow:
    return splits.split({"front-net": "front"}, {"front-net": port}, {"front-net": bridge})["front-net"]


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


def test_every_network_has_a_split_of_its_own() -> None:
    names = {"a-id": "a", "b-id": "b"}
    ports = {"b-id": row(0, rx=(2, 0)), "a-id": row(0, rx=(1, 0))}
    assert Splits().split(names, ports, {"a-id": row(0), "b-id": row(0, tx=(3, 0))}) == {
        "a-id": (0, 0, 0, 1),
        "b-id": (0, 3, 0, 2),
    }


def test_a_network_recreated_under_its_name_does_not_go_back() -> None:
    splits = Splits()
    splits.split({"old": "front"}, {"old": row(0, rx=(1000, 1))}, {"old": row(0)})
    assert splits.split({"new": "front"}, {"new": row(0)}, {"new": row(0)}) == {"new": (0, 0, 0, 1000)}
