"""A network never loses a byte, whoever sent it and however short he lived."""

import pytest
from msgspec.structs import replace

from exporter.core.model.docker import Endpoint, Interface, Member
from exporter.core.model.kernel_sample import NamespaceInterface, StatsRow
from exporter.core.topology.topology import Topology, join
from exporter.core.traffic.ledger import Ledger
from tests.support.builders import bridge, device, devices, ended, inventory, network, row, run, veth
from tests.support.histories import exposed, host

MAC = "02:42:ac:12:00:02"


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


def sent(ledger: Ledger, *names: str) -> list[int]:
    """Bytes that the endpoints of each network sent (rx of their host veths)."""
    return [total[3] for total in ledger.networks(f"{name}-net" for name in names).values()]


def of(ifindex: int, count: int) -> StatsRow:
    return row(ifindex, rx=(count, 1))


def test_a_network_is_the_sum_of_its_endpoints_the_ended_ones_included(ledger: Ledger) -> None:
    ledger.attribute(host(("web", "front", 11), ("db", "front", 12), ("db", "back", 13)))
    ledger.read([of(11, 100), of(12, 20), of(13, 3)])
    assert sent(ledger, "front", "back", "unheard of") == [120, 3, 0]
    ledger.end([ended(veth("veth11", 11), of(11, 150), master="br-front")])
    ledger.attribute(host(("db", "front", 12), ("db", "back", 13)))
    assert sent(ledger, "front", "back") == [170, 3]


def test_a_veth_that_is_nobodys_counts_for_its_network(ledger: Ledger) -> None:
    stranger = join(inventory(network("front")), devices(bridge("br-front", 3), veth("v", 11, master=3, nsid=9)))
    ledger.attribute(stranger)
    ledger.read([of(11, 100)])
    assert exposed(ledger, stranger) == {}
    assert sent(ledger, "front") == [100]


def members(**containers: str) -> Topology:
    """A network whose inspect already names members by container and address; no veth was ever seen."""
    known = inventory(*(run(name, network="front") for name in containers), network("front"))
    found = tuple(Member(f"{name}-id", name, f"{name}-endpoint", mac) for name, mac in containers.items())
    return join(replace(known, members={"front-net": found}), devices(bridge("br-front", 3)))


def test_a_life_that_no_look_ever_saw_is_its_members_by_its_address(ledger: Ledger) -> None:
    ledger.attribute(members(web=MAC, db="02:42:ac:12:00:03"))
    ledger.end([ended(veth("v", 11), of(11, 100), master="br-front", mac=MAC)])
    ledger.attribute(host(("web", "front", 12)))
    assert exposed(ledger, host(("web", "front", 12)))["web", "front"][2] == 100
    assert sent(ledger, "front") == [100]


def test_a_life_whose_address_nobody_claims_counts_for_its_network_only(ledger: Ledger) -> None:
    ledger.attribute(members(db="02:42:ac:12:00:03"))
    ledger.end([ended(veth("v", 11), of(11, 100), master="br-front", mac=MAC)])
    assert sent(ledger, "front") == [100]


def test_the_end_of_a_veth_whose_network_docker_has_not_told_of_yet_is_counted_when_it_has(ledger: Ledger) -> None:
    ledger.attribute(join(inventory(), devices()))
    ledger.end([ended(veth("v", 11), of(11, 100), master="br-front", mac=MAC)])
    assert sent(ledger, "front") == [0]
    ledger.attribute(members(web=MAC))
    assert sent(ledger, "front") == [100]


@pytest.mark.parametrize(("lists", "counted"), [(1, 100), (2, 0)])
def test_a_bridge_that_two_full_lists_do_not_name_is_none_of_dockers(ledger: Ledger, lists: int, counted: int) -> None:
    """A libvirt's veths end too, and would be waited for until the exporter ends."""
    nothing = join(inventory(), devices())
    ledger.attribute(nothing)
    ledger.end([ended(veth("v", 11), of(11, 100), master="br-front", mac=MAC)])
    for number in range(1, lists + 1):
        later = replace(nothing.inventory, synced_at=nothing.inventory.synced_at + 60.0 * number)
        for _ in range(3):  # topologies change more often than the lists are read
            ledger.attribute(replace(nothing, inventory=later))
    ledger.attribute(
        replace(members(web=MAC), inventory=replace(members(web=MAC).inventory, synced_at=later.synced_at))
    )
    assert sent(ledger, "front") == [counted]


@pytest.mark.parametrize(("lists", "counted"), [(1, 100), (2, 0)])
def test_lists_that_find_no_change_count_as_well(ledger: Ledger, lists: int, counted: int) -> None:
    nothing = join(inventory(), devices())
    ledger.attribute(nothing)
    ledger.end([ended(veth("v", 11), of(11, 100), master="br-front", mac=MAC)])
    for number in range(1, lists + 1):
        for _ in range(2):  # the same list
            ledger.note_list(nothing.inventory.synced_at + 60.0 * number)
        ledger.attribute(nothing)
    ledger.attribute(members(web=MAC))
    assert sent(ledger, "front") == [counted]


def test_a_life_whose_address_is_unknown_is_not_given_to_an_endpoint_without_one(ledger: Ledger) -> None:
    """Its end did not come back to the host: a crash. An endpoint without an address in its inspect is no match."""
    ledger.attribute(members(web=""))
    ledger.end([ended(veth("v", 11), of(11, 100), master="br-front", mac="")])
    shown = host(("web", "front", 12))
    ledger.attribute(shown)
    assert exposed(ledger, shown)["web", "front"][2] == 0


def test_the_bridge_devices_of_a_network_are_summed_over_recreations(ledger: Ledger) -> None:
    first = host()
    ledger.attribute(first)
    ledger.read([of(3, 100)])
    ledger.end([ended(bridge("br-front", 3), of(3, 110))])
    again = join(inventory(network("front")), devices(bridge("br-front", 30)))
    ledger.attribute(again)
    ledger.read([of(30, 5)])
    assert [total[3] for total in ledger.bridges(["front-net"]).values()] == [115]


LOOPBACK = Interface(1, "lo", "00:00:00:00:00:00")


def eth0(endpoint: Endpoint, kind: str) -> Interface:
    """The device of an endpoint."""
    return Interface(2, "eth0", endpoint.mac_address or MAC, kind, (f"{endpoint.ip_address}/32",))


def inside(*names: str, driver: str, mac: str = "", ids: str = "") -> Topology:
    """Containers on one network of a driver whose devices only their namespaces have."""
    containers = []
    for place, name in enumerate(names):
        address = f"192.0.2.{20 + place}"
        made = run(name, network="lan", ip=address, mac=mac and f"{mac}{place}", container_id=f"{name}{ids}-id")
        endpoint = replace(made.endpoints[0], endpoint_id=f"{made.id}-endpoint")
        containers.append(replace(made, endpoints=(endpoint,)))
    found = devices(
        device("eth0", 2),
        inside={nsid: (LOOPBACK, eth0(c.endpoints[0], driver)) for nsid, c in enumerate(containers)},
    )
    sandboxes = {c.id: nsid for nsid, c in enumerate(containers)}
    return join(inventory(network("lan", driver=driver), *containers), replace(found, sandboxes=sandboxes))


def test_a_macvlan_endpoint_is_read_inside_by_its_endpoints_id(ledger: Ledger) -> None:
    lan = inside("web", driver="macvlan", mac="02:42:0a:00:00:0")
    found = Interface(2, "eth0", "02:42:0a:00:00:00", "macvlan", ("192.0.2.20/32",))
    assert lan.readings == (NamespaceInterface("web-id-endpoint", 0, 0, found),)
    ledger.attribute(lan)
    ledger.read([("web-id-endpoint", 1, 0, 100, 0, 0, 0, 0, 0)])
    assert exposed(ledger, lan) == {("web", "lan"): (1, 0, 100, 0, 0, 0, 0, 0)}
    assert sent(ledger, "lan") == [100]


@pytest.mark.parametrize(
    ("driver", "mac"),
    [
        ("macvlan", "02:42:0a:00:00:0"),
        pytest.param("ipvlan", ""),
    ],
)
def test_two_endpoints_read_inside_go_on_counting_when_both_are_recreated(
    ledger: Ledger, driver: str, mac: str
) -> None:
    first, second = inside("web", "db", driver=driver, mac=mac), inside("web", "db", driver=driver, mac=mac, ids="2")
    ledger.attribute(first)
    ledger.read([("web-id-endpoint", 1, 0, 100, 0, 0, 0, 0, 0), ("db-id-endpoint", 1, 0, 7, 0, 0, 0, 0, 0)])
    ledger.attribute(join(inventory(network("lan", driver=driver)), devices(device("eth0", 2))))
    ledger.attribute(second)
    assert {key: total[2] for key, total in exposed(ledger, second).items()} == {("web", "lan"): 100, ("db", "lan"): 7}
