"""Which device inside a container is an endpoint's."""

import pytest

from exporter.core.model.docker import Endpoint, Interface
from exporter.core.topology.interfaces import interface_of
from exporter.core.topology.topology import join
from tests.support.builders import connect, device, devices, inventory, network, run

PARENT = "52:54:00:12:34:56"  # all devices of ipvlan have their parent's
LO = Interface(1, "lo", "00:00:00:00:00:00", "", ("127.0.0.1/32",))


def ipvlan(ifindex: int, *networks: str, kind: str = "ipvlan", mac: str = PARENT) -> Interface:
    return Interface(ifindex, f"eth{ifindex}", mac, kind, networks)


def at(ip: str = "", mac: str = "", ip6: str = "") -> Endpoint:
    return Endpoint("lan", "lan-net", "lan-endpoint", mac, ip, ip6)


@pytest.mark.parametrize(
    ("endpoint", "interfaces", "found"),
    [
        (at("192.0.2.20"), (LO, ipvlan(7, "192.0.2.20/32")), "eth7"),
        (at("192.0.2.20"), (LO, ipvlan(7, "192.0.2.20/32"), ipvlan(8, "198.51.100.2/32")), "eth7"),
        (at(ip6="2001:db8::20"), (LO, ipvlan(7, "2001:db8::20/128")), "eth7"),
        (at("192.0.2.20"), (LO, ipvlan(0, "192.0.2.0/255.255.255.0", kind="", mac="")), "eth0"),
        (at("192.0.2.20", "02:42:0a:00:00:01"), (LO, ipvlan(7, kind="ipvlan", mac="02:42:0a:00:00:01")), "eth7"),
        (at("192.0.2.20", PARENT), (ipvlan(7, "192.0.2.20/32"), ipvlan(8, "198.51.100.2/32")), "eth7"),
    ],
    ids=["one", "of two", "IPv6", "by its network", "by its MAC address", "one MAC address for all"],
)
def test_it_is_found_by_its_address(endpoint: Endpoint, interfaces: tuple[Interface, ...], found: str) -> None:
    chosen = interface_of(endpoint, "ipvlan", interfaces)
    assert chosen is not None
    assert chosen.name == found


@pytest.mark.parametrize(
    ("endpoint", "interfaces"),
    [
        (at("192.0.2.20"), (ipvlan(7),)),
        (at("192.0.2.20"), (LO, ipvlan(7, "192.0.2.21/32"))),
        (at("192.0.2.20"), (ipvlan(7, "192.0.2.20/32", kind="veth"),)),
        (at("192.0.2.20"), (ipvlan(7, "192.0.2.0/255.255.255.0"), ipvlan(8, "192.0.2.0/255.255.255.0"))),
        (at("127.0.0.1"), (LO,)),
        (at(), (ipvlan(7, "192.0.2.20/32"),)),
        (at("192.0.2.20"), ()),
    ],
    ids=["the only device", "another address", "another kind", "two on the network", "loopback", "no address", "none"],
)
def test_it_is_never_guessed(endpoint: Endpoint, interfaces: tuple[Interface, ...]) -> None:
    assert interface_of(endpoint, "ipvlan", interfaces) is None


def test_a_container_on_two_ipvlan_networks_has_a_reading_for_each() -> None:
    web = connect(run("web", network="lan", ip="192.0.2.20"), "dmz", ip="198.51.100.2")
    inside = (LO, ipvlan(7, "192.0.2.20/32"), ipvlan(8, "198.51.100.2/32"))
    topology = join(
        inventory(web, network("lan", driver="ipvlan"), network("dmz", driver="ipvlan")),
        devices(device("eth0", 2), sandboxes={"web": 1}, inside={1: inside}),
    )
    assert {a.network.name: a.interface for a in topology.attachments} == {"lan": "eth7", "dmz": "eth8"}
    assert {reading.key for reading in topology.readings} == {"web-lan-endpoint", "web-dmz-endpoint"}
