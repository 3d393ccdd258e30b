"""Whose is each veth, and which network is each bridge."""

from exporter.core.model.docker import Container, Interface, Network
from exporter.core.topology.topology import Attachment, Bridge, Port, Topology, join
from tests.support.builders import bridge, connect, devices, inventory, network, run, shop, stop, veth

MAC = "02:42:ac:12:00:02"
FRONT = bridge("br-front", 3)
WEB = veth("veth-web", 11, master=3, nsid=1, peer=7)


def owners(topology: Topology) -> dict[str, str | None]:
    """The owner of each veth on a Docker bridge, by name."""
    return {port.link.name: port.container.name if port.container else None for port in topology.ports}


def counted(topology: Topology) -> list[tuple[str, str, str]]:
    return [(a.container.name, a.network.name, a.veth.name if a.veth else "") for a, _, _ in topology.counted]


def front(*containers: Container) -> tuple[Container | Network, ...]:
    return (*containers, network("front"))


def test_a_veth_belongs_to_the_container_whose_namespace_holds_its_peer() -> None:
    web = run("web", network="front")
    topology = join(inventory(*front(web)), devices(FRONT, WEB, sandboxes={"web": 1}))
    assert topology.attachments == (Attachment(web, network("front"), web.endpoints[0], WEB),)
    assert topology.ports == (Port(WEB, Bridge(FRONT, network("front"), 1), web),)
    assert topology.counted == ((topology.attachments[0], ("web-id", "front-net"), 11),)


def test_the_same_ifindex_in_another_namespace_is_not_the_peer() -> None:
    """Engines since 28 make the peer inside, where it is 2 in every container."""
    topology = join(
        inventory(*front(run("web", network="front"), run("api", network="front"))),
        devices(
            FRONT,
            veth("veth-a", 11, master=3, nsid=1, peer=2),
            veth("veth-b", 12, master=3, nsid=2, peer=2),
            sandboxes={"web": 2, "api": 1},
        ),
    )
    assert owners(topology) == {"veth-a": "api", "veth-b": "web"}


def test_the_same_ifindex_in_another_namespace_does_not_name_the_interface() -> None:
    inside = {1: (Interface(7, "eth0"),), 2: (Interface(7, "wrong"),)}
    topology = join(
        inventory(*front(run("web", network="front"))), devices(FRONT, WEB, sandboxes={"web": 1}, inside=inside)
    )
    assert topology.attachments[0].interface == "eth0"


def test_without_an_nsid_the_mac_address_inside_tells_the_owner() -> None:
    topology = join(
        inventory(*front(run("web", network="front", mac=MAC))),
        devices(FRONT, WEB, inside={1: (Interface(1, "lo"), Interface(7, "eth0", MAC))}),
    )
    assert owners(topology) == {"veth-web": "web"}


def test_the_mac_address_of_another_device_inside_tells_nothing() -> None:
    topology = join(
        inventory(*front(run("web", network="front", mac=MAC))),
        devices(FRONT, WEB, inside={1: (Interface(8, "eth1", MAC),)}),
    )
    assert owners(topology) == {"veth-web": None}


def test_the_mac_address_on_another_network_tells_nothing() -> None:
    topology = join(
        inventory(*front(run("web", network="back", mac=MAC)), network("back")),
        devices(FRONT, WEB, inside={1: (Interface(7, "eth0", MAC),)}),
    )
    assert owners(topology) == {"veth-web": None}


def test_two_containers_that_claim_one_nsid_get_nothing_of_it() -> None:
    topology = join(
        inventory(*front(run("old", network="front"), run("new", network="front"))),
        devices(FRONT, WEB, sandboxes={"old": 1, "new": 1}),
    )
    assert owners(topology) == {"veth-web": None}
    assert counted(topology) == []


def test_of_two_claims_to_one_nsid_the_mac_address_decides() -> None:
    topology = join(
        inventory(*front(run("old", network="front"), run("new", network="front", mac=MAC))),
        devices(FRONT, WEB, sandboxes={"old": 1, "new": 1}, inside={1: (Interface(7, "eth0", MAC),)}),
    )
    assert owners(topology) == {"veth-web": "new"}


def test_a_stopped_container_has_no_claim_to_the_nsid_it_had() -> None:
    topology = join(
        inventory(*front(stop(run("old", network="front")), run("new", network="front"))),
        devices(FRONT, WEB, sandboxes={"old": 1, "new": 1}),
    )
    assert owners(topology) == {"veth-web": "new"}


def test_the_endpoints_of_a_stopped_container_are_not_attachments() -> None:
    topology = join(inventory(*front(stop(run("web", network="front", mac=MAC)))), devices(FRONT))
    assert topology.attachments == ()


def test_a_container_on_two_networks_has_a_veth_on_each() -> None:
    assert counted(shop()) == [
        ("db", "back", "veth-db-back"),
        ("web", "back", "veth-web-back"),
        ("web", "front", "veth-web-front"),
    ]


def test_containers_without_a_namespace_of_their_own_have_no_attachment() -> None:
    assert {a.container.name for a in shop().attachments} == {"web", "db"}


def test_the_host_and_none_networks_attach_nobody_although_docker_lists_an_endpoint() -> None:
    hostmode = connect(run("monitoring", network="host"), "host")
    idle = connect(run("idle", network="none"), "none")
    topology = join(
        inventory(hostmode, idle, network("host", driver="host"), network("none", driver="null")), devices()
    )
    assert topology.attachments == ()


def test_a_sharer_is_named_with_the_container_whose_namespace_it_is_in() -> None:
    assert shop().owners == {"sharer-id": "web"}


def test_a_sharer_of_a_removed_container_keeps_what_docker_says() -> None:
    assert join(inventory(run("sharer", network="container:gone")), devices()).owners == {"sharer-id": "gone"}


def test_a_network_that_docker_does_not_list_under_the_container_is_counted_too() -> None:
    """docker_gwbridge: each container of an overlay network has a veth on it."""
    web = run("web", network="front")
    gwbridge = network("docker_gwbridge", bridge="docker_gwbridge")
    link = veth("veth-gw", 13, master=4, nsid=1, peer=9)
    topology = join(
        inventory(web, network("front", driver="overlay"), gwbridge),
        devices(bridge("docker_gwbridge", 4), link, sandboxes={"web": 1}),
    )
    assert topology.attachments == (
        Attachment(web, gwbridge, None, link),
        Attachment(web, network("front", driver="overlay"), web.endpoints[0]),
    )


def test_an_endpoint_whose_veth_is_not_there_is_attached_without_one() -> None:
    web = run("web", network="front")
    topology = join(inventory(*front(web)), devices(FRONT))
    assert topology.attachments == (Attachment(web, network("front"), web.endpoints[0], None),)
    assert topology.counted == ()


def test_a_veth_whose_peer_is_in_our_own_namespace_is_nobodys() -> None:
    topology = join(
        inventory(*front(run("web", network="front"))),
        devices(FRONT, veth("veth-own", 11, master=3, nsid=None), sandboxes={"web": 1}),
    )
    assert owners(topology) == {"veth-own": None}
