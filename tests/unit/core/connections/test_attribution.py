"""Whose a connection is, and who is at its other end: each by the addresses that the kernel has."""

import pytest
from msgspec.structs import replace

from exporter.core.connections.interest import interest
from exporter.core.connections.pair import Pair
from exporter.core.connections.reading import End, Near
from exporter.core.model.container_details import Details
from exporter.core.model.docker import Inventory, RemoteEndpoint
from tests.support.builders import connect, inventory, network, run
from tests.support.connection_rows import (
    GATEWAY,
    OWN,
    UPLINK,
    Lab,
    end,
    of_host,
    publish,
    row,
    shop,
)

WEB_DB = Pair("web", "db", "container", "5432", "client")
CASES = [
    pytest.param(end(), WEB_DB, id="same bridge"),
    pytest.param(end("sidecar-id"), WEB_DB, id="a sharer counts under the owner of its namespace"),
    pytest.param(end(remote=""), Pair("web", "", "outside", "5432", "client"), id="outside"),
    pytest.param(
        end(remote="172.18.0.99"), Pair("web", "", "nobody", "5432", "client"), id="an address of no container"
    ),
    pytest.param(end(remote="172.19.0.2"), Pair("web", "far", "container", "5432", "client"), id="another network"),
    pytest.param(end(remote=GATEWAY, port=22), Pair("web", "", "host", "22", "client"), id="the gateway is the host"),
    pytest.param(end(remote=UPLINK, port=22), Pair("web", "", "host", "22", "client"), id="an address of the host"),
    pytest.param(end(remote=UPLINK, port=8080), Pair("web", "api", "container", "8080", "client"), id="published port"),
    pytest.param(end(remote="", connected=False), Pair("web", "", "outside", "5432", "server"), id="from outside"),
    pytest.param(end(remote="172.18.0.3", connected=False), None, id="the client counts it"),
    pytest.param(end(remote=GATEWAY, connected=False), None, id="the host's clients count theirs"),
    pytest.param(
        of_host("agent-id", "172.18.0.3", 5432), Pair("agent", "db", "container", "5432", "client"), id="host mode"
    ),
    pytest.param(
        of_host("agent-id", "", 443), Pair("agent", "", "outside", "443", "client"), id="host mode to outside"
    ),
    pytest.param(
        of_host("agent-id", "", 9100, connected=False),
        Pair("agent", "", "outside", "9100", "server"),
        id="host mode serves",
    ),
    pytest.param(
        of_host("", "172.18.0.3", 5432), Pair("", "db", "container", "5432", "client"), id="a process of the host"
    ),
    pytest.param(
        of_host("", "127.0.0.1", 8080), Pair("", "api", "container", "8080", "client"), id="published on loopback"
    ),
    pytest.param(of_host("", "127.0.0.1", 9999), None, id="the host with itself"),
    pytest.param(of_host("", "", 443), None, id="the host to outside"),
    pytest.param(of_host("", "172.18.0.4", 80, proxy=True), None, id="docker-proxy: its client is counted"),
    pytest.param(
        of_host("", "", 8080, connected=False), Pair("api", "", "outside", "80", "server"), id="docker-proxy accepts"
    ),
    pytest.param(of_host("", "", 22, connected=False), None, id="a server of the host's own"),
    pytest.param(end("", cookie=9, netns=99), None, id="a namespace that is not Docker's"),
]


@pytest.mark.parametrize(("found", "pair"), CASES)
def test_an_end_belongs_to_its_pair(found: End, pair: Pair | None) -> None:
    assert list(Lab().read(row(found, established=1))) == ([pair] if pair else [])


def test_without_a_cgroup_the_namespace_decides() -> None:
    assert list(Lab(namespaces={70: "web-id"}).read(row(end(""), established=1))) == [WEB_DB]


def test_a_namespace_keeps_its_owner_when_its_inode_is_used_again() -> None:
    lab = Lab(namespaces={70: "web-id"})
    lab.read(row(end(""), established=1))
    lab.namespaces = {70: "db-id"}
    assert lab.read(row(end(""), established=2))[WEB_DB].established == 2


def test_an_inode_does_not_give_a_container_what_its_last_namespace_connected_to() -> None:
    """A build or another engine had a namespace with that inode, which ended before the container started."""
    lab, found, web = Lab(), shop(), shop().containers["web-id"]
    foreign = end("", cookie=9)
    assert lab.read(row(foreign, established=9)) == {}
    web = replace(web, details=replace(web.details or Details(), started=lab.now + 0.5))
    lab.ledger.update_inventory(replace(found, containers={**found.containers, web.id: web}))
    lab.namespaces = {70: web.id}
    assert lab.read(row(foreign, established=9), row(end("", cookie=10), established=1))[WEB_DB].established == 1


def test_a_container_that_is_gone_before_it_is_read_is_known_by_its_cgroup() -> None:
    lab = Lab()
    flash = run("flash", network="front", ip="172.18.0.9")
    found = shop()
    lab.ledger.update_inventory(replace(found, containers={**found.containers, flash.id: flash}))
    lab.ledger.update_inventory(found)
    sums = lab.read(row(end("flash-id", local="172.18.0.9", cookie=8, netns=80), established=2, sent=10))
    assert sums[Pair("flash", "db", "container", "5432", "client")].sent == 10


def test_a_container_that_no_inventory_has_yet_is_waited_for() -> None:
    lab, found = Lab(), shop()
    late = end("late-id", local="172.18.0.9", cookie=8)
    assert lab.read(row(late, established=2)) == {}
    containers = {**found.containers, "late-id": run("late", network="front", ip="172.18.0.9", container_id="late-id")}
    lab.ledger.update_inventory(replace(found, containers=containers))
    assert lab.read(row(late, established=3))[Pair("late", "db", "container", "5432", "client")].established == 3


def test_an_address_keeps_its_last_owner_until_another_container_has_it() -> None:
    lab, found = Lab(), shop()
    without = {key: c for key, c in found.containers.items() if c.name != "db"}
    lab.ledger.update_inventory(replace(found, containers=without))
    assert list(lab.read(row(end(), unreachable=1))) == [WEB_DB]
    new = run("cache", network="front", ip="172.18.0.3")
    lab.ledger.update_inventory(replace(found, containers={**without, new.id: new}))
    sums = lab.read(row(end(), unreachable=1, established=4))
    assert sums[WEB_DB].established == 0
    assert sums[WEB_DB._replace(peer="cache")].established == 4


def test_of_two_networks_with_one_subnet_the_local_address_decides() -> None:
    one, other = (network(name, bridge=f"br-{name}", subnet="10.0.0.0/24") for name in ("one", "other"))
    found = inventory(
        one,
        other,
        run("a", network="one", ip="10.0.0.2"),
        run("b", network="one", ip="10.0.0.3"),
        run("c", network="other", ip="10.0.0.3"),
        run("d", network="other", ip="10.0.0.4"),
    )
    lab = Lab(found)
    for container, local, peer in (("a", "10.0.0.2", "b"), ("d", "10.0.0.4", "c")):
        lab.read(row(end(f"{container}-id", "10.0.0.3", 80, local=local, cookie=ord(container)), established=1))
        assert Pair(container, peer, "container", "80", "client") in lab.sums()


def overlay() -> Inventory:
    net = network("ov", driver="overlay", subnet="10.0.1.0/24")
    remote = RemoteEndpoint("there", "web.2.abc", "10.0.1.9", "192.0.2.20")
    found = inventory(net, run("web", network="ov", ip="10.0.1.4"))
    return replace(found, remote={"ov-net": (remote,)}, service_addresses={"ov-net": {"10.0.1.2": "shop"}})


@pytest.mark.parametrize(
    ("address", "kind", "peer"),
    [("10.0.1.2", "service", "shop"), ("10.0.1.9", "container", "web.2.abc"), ("10.0.1.77", "outside", "")],
)
@pytest.mark.parametrize("connected", [True, False])
def test_on_an_overlay_there_are_services_and_containers_of_other_hosts(
    address: str, kind: str, peer: str, *, connected: bool
) -> None:
    found = end(remote=address, port=80, local="10.0.1.4", connected=connected)
    side = "client" if connected else "server"
    assert list(Lab(overlay()).read(row(found, established=1))) == [Pair("web", peer, kind, "80", side)]


def test_an_unknown_address_of_a_macvlan_network_is_outside() -> None:
    net = network("lan", driver="macvlan", subnet="192.0.2.0/24")
    lab = Lab(inventory(net, run("web", network="lan", ip="192.0.2.50")))
    found = end(remote="192.0.2.51", port=80, local="192.0.2.50")
    assert list(lab.read(row(found, established=1))) == [Pair("web", "", "outside", "80", "client")]


def test_a_port_published_by_two_at_different_addresses_belongs_to_the_one_of_the_address() -> None:
    front = network("front", bridge="br-front", subnet="172.18.0.0/16", gateway=GATEWAY)
    one = publish(run("one", network="front", ip="172.18.0.5"), 443, 1, "127.0.0.1")
    two = publish(run("two", network="front", ip="172.18.0.6"), 443, 2, UPLINK)
    lab = Lab(inventory(front, one, two))
    lab.read(row(of_host("", "127.0.0.1", 443), established=1), row(of_host("", UPLINK, 443), established=1))
    assert {pair.peer for pair in lab.sums()} == {"one", "two"}


def test_ends_without_room_are_of_other_ports_and_peers() -> None:
    rest = end(remote="", port=0, local="::")
    assert list(Lab().read(row(rest, refused=5))) == [Pair("web", "", "other", "other", "client")]


def test_the_kernel_keeps_subnets_addresses_of_the_host_and_published_ports() -> None:
    found = interest(shop(), [UPLINK, "fe80::1%eth0", "127.0.0.1", "not an address"])
    assert found.near == {
        "172.18.0.0/16": Near.SUBNET,
        "172.19.0.0/16": Near.SUBNET,
        f"{UPLINK}/32": Near.HOST,
        f"{GATEWAY}/32": Near.HOST,
        "172.19.0.1/32": Near.HOST,
        "127.0.0.0/8": Near.LOOPBACK,
        "::1/128": Near.LOOPBACK,
    }
    assert found.published == {8080}


def test_a_container_on_two_networks_is_one_peer() -> None:
    found = shop()
    db = connect(found.containers["db-id"], "back", ip="172.19.0.3")
    lab = Lab(replace(found, containers={**found.containers, db.id: db}))
    far = end("far-id", "172.19.0.3", 5432, local="172.19.0.2", cookie=8)
    sums = lab.read(row(end(local=OWN), established=1), row(far, established=1))
    assert {pair.peer for pair in sums} == {"db"}
