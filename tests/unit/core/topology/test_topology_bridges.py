"""Bridges, their ports and the uplinks of a joined host."""

from exporter.core.model.docker import Interface, Link
from exporter.core.topology.topology import Bridge, join
from tests.support.builders import bridge, device, devices, inventory, network, run, shop, veth

MAC = "02:42:ac:12:00:02"


def test_a_bridge_counts_every_port_whoever_it_belongs_to() -> None:
    front = bridge("br-front", 3)
    tap = Link(12, "tap0", "tun", master_ifindex=3)
    topology = join(inventory(network("front")), devices(front, veth("veth-a", 11, master=3, nsid=1), tap))
    assert topology.bridges == (Bridge(front, network("front"), 2),)
    assert [port.link.name for port in topology.ports] == ["veth-a"]


def test_a_bridge_that_is_no_network_of_the_engine_is_left_out() -> None:
    topology = join(inventory(network("front")), devices(bridge("virbr0", 3), veth("vnet0", 11, master=3, nsid=1)))
    assert topology.bridges == ()
    assert topology.ports == ()


def test_a_device_that_is_no_bridge_is_not_one_because_of_its_name() -> None:
    assert join(inventory(network("front")), devices(device("br-front", 3))).bridges == ()


def test_bridges_ports_and_attachments_are_in_the_order_of_their_names() -> None:
    topology = shop()
    assert [b.network.name for b in topology.bridges] == ["back", "front"]
    assert [p.link.name for p in topology.ports] == ["veth-db-back", "veth-web-back", "veth-web-front"]
    assert [(a.container.name, a.network.name) for a in topology.attachments] == [
        ("db", "back"),
        ("web", "back"),
        ("web", "front"),
    ]


def test_uplinks_are_the_devices_that_lead_out() -> None:
    assert shop().uplinks == (device("eth0", 2),)


def test_nothing_known_joins_to_nothing() -> None:
    topology = join(inventory(), devices())
    assert (topology.attachments, topology.bridges, topology.ports, topology.counted, topology.uplinks) == ((),) * 5


def test_a_mac_address_that_two_containers_have_on_one_network_tells_nothing() -> None:
    """`docker run --mac-address` lets two have the same: which of them it is would be a guess."""
    topology = join(
        inventory(run("web", network="front", mac=MAC), run("api", network="front", mac=MAC), network("front")),
        devices(
            bridge("br-front", 3),
            veth("veth-a", 11, master=3, nsid=1, peer=7),
            inside={1: (Interface(7, "eth0", MAC),)},
        ),
    )
    assert topology.ports[0].container is None
