"""Real devices in a namespace of the test's own, against the reference decoder and /proc."""

from collections.abc import Iterator

import pytest
from pyroute2 import IPRoute

from exporter.core.model.kernel_sample import StatsRow
from exporter.kernel.links.addresses import AddressReader
from exporter.kernel.links.links import read_link, read_links
from exporter.kernel.links.stats import LinkStatsReader
from exporter.kernel.links.watcher import LinkWatcher
from exporter.kernel.netlink.client import open_socket
from exporter.kernel.proc import read_net_dev
from tests.support.kernel.captured_links import COUNTERS
from tests.support.kernel.own_namespace import carries, ip, send_frames
from tests.support.waiting import until

pytestmark = pytest.mark.usefixtures("namespace")

RX_DROPPED = 1 + COUNTERS.index("rx_dropped")  # nobody on the other end takes them
PAIRS = 120  # more than a datagram of a dump holds


def by_reference() -> dict[str, StatsRow]:
    """Every device's counters by pyroute2, from RTM_GETLINK."""
    with IPRoute() as route:
        links = list(route.get_links())
    return {
        link.get_attr("IFLA_IFNAME"): (link["index"], *(link.get_attr("IFLA_STATS64")[name] for name in COUNTERS))
        for link in links
    }


@pytest.fixture
def crowd() -> dict[str, StatsRow]:
    """Many veths that have moved a few frames each; their counters by the reference."""
    for number in range(PAIRS):
        ip(f"link add a{number} type veth peer name b{number}")
        if number < 3:
            ip(f"link set a{number} up")
            ip(f"link set b{number} up")
            carries(f"a{number}")
            send_frames(f"a{number}", number + 1, 100 * (number + 1))
    until(lambda: [by_reference()[f"b{number}"][RX_DROPPED] for number in range(3)] == [1, 2, 3], 60, "frames arrived")
    return by_reference()


@pytest.fixture
def watcher() -> Iterator[LinkWatcher]:
    made = LinkWatcher()
    made.start()
    yield made
    made.stop()


def test_all_ways_to_read_counters_agree_over_several_datagrams(crowd: dict[str, StatsRow]) -> None:
    reader = LinkStatsReader()
    first, second = reader.read(), reader.read()
    reader.close()
    assert len(first) == 2 * PAIRS + 1
    assert first == second == sorted(crowd.values())
    assert sorted(read_net_dev({name: row[0] for name, row in crowd.items()})) == first
    assert crowd["b2"][:5] == (crowd["b2"][0], 3, 0, 900, 0)


def test_only_the_first_records_are_walked(crowd: dict[str, StatsRow]) -> None:
    reader = LinkStatsReader()
    reader.read()
    walked = reader.walked
    assert len(reader.read()) == len(crowd)
    assert reader.walked == walked < len(crowd)
    reader.close()


def test_what_is_to_be_read_last_is_read_once_more() -> None:
    ip("link add br-front type bridge")
    reader = LinkStatsReader()
    rows = reader.read([2, 999])
    reader.close()
    assert [row[0] for row in rows] == [1, 2, 2]
    assert rows[1] == rows[2]


def test_one_link_is_read_with_its_counters_and_a_missing_one_is_an_error() -> None:
    with open_socket() as sock:
        (loopback,) = read_link(sock, 1)
        assert (loopback.link.name, loopback.stats) == ("lo", (1, 0, 0, 0, 0, 0, 0, 0, 0))
        with pytest.raises(OSError, match="No such device"):
            read_link(sock, 999)


def test_a_dump_names_every_device(crowd: dict[str, StatsRow]) -> None:
    with open_socket() as sock:
        dump = read_links(sock)
    assert {message.link.name for message in dump} == crowd.keys()
    assert {message.stats for message in dump} == set(crowd.values())


def test_the_watcher_hears_of_devices_that_come_change_and_go(watcher: LinkWatcher) -> None:
    def names() -> list[str]:
        return sorted(link.name for link in watcher.links()[1].values())

    assert names() == ["lo"]
    ip("link add br-front type bridge")
    until(lambda: names() == ["br-front", "lo"], 60, "the bridge")
    before = watcher.links()
    assert watcher.links() is before
    ip("link set br-front mtu 1400")
    until(lambda: any(link.mtu == 1400 for link in watcher.links()[1].values()), 60, "the new MTU")
    assert watcher.links()[0] > before[0]
    ip("link del br-front")
    until(lambda: names() == ["lo"], 60, "the bridge gone")


def test_addresses_are_read_again_only_after_they_changed() -> None:
    reader = AddressReader()
    assert reader.read() == ({}, frozenset(), ())
    assert (reader.read(), reader.generation) == (({}, frozenset(), ()), 1)
    ip("link add eth0 type ifb")
    ip("link set eth0 up")
    ip("address add 192.0.2.10/24 dev eth0")
    ip("route add default via 192.0.2.1")
    (ifindex,) = until(lambda: reader.read()[1], 60, "an uplink")
    assert reader.read()[:2] == ({ifindex: ("192.0.2.10",)}, frozenset({ifindex}))
    ip("route del default")
    until(lambda: not reader.read()[1], 60, "no uplink")
    reader.close()
