"""The owner of an address on a bridge network."""

from msgspec.structs import replace

from exporter.core.model.docker import Member
from exporter.core.topology.address_owners import AddressOwner, address_owners
from tests.support.builders import connect, inventory, network, run, stop
from tests.support.nat_hosts import NETWORKS, WEB, host

GATEWAY = network("docker_gwbridge", bridge="docker_gwbridge", subnet="172.25.0.0/16")


def test_a_containers_addresses_of_both_families_are_its_own() -> None:
    assert address_owners(host(*NETWORKS, WEB)) == {
        "172.18.0.2": AddressOwner("web", "front", "web-id"),
        "fd00:18::2": AddressOwner("web", "front", "web-id"),
    }


def test_a_container_whose_network_was_not_inspected_yet_is_known_by_its_own_inspect() -> None:
    assert address_owners(inventory(*NETWORKS, WEB)).keys() == {"172.18.0.2", "fd00:18::2"}


def test_a_member_whose_container_was_not_inspected_yet_is_known_by_the_networks_inspect() -> None:
    found = replace(inventory(*NETWORKS), members={"front-net": (Member("web-id", "web", "one", "", "172.18.0.2"),)})
    assert address_owners(found) == {"172.18.0.2": AddressOwner("web", "front", "web-id")}


def test_an_address_on_docker_gwbridge_is_the_containers_that_the_network_names() -> None:
    web = run("web", network="ov", ip="10.0.0.3")
    found = inventory(network("ov", driver="overlay"), GATEWAY, web)
    members = (
        Member("web-id", "gateway_0123456789ab", "one", "", "172.25.0.3"),
        Member("ingress-sbox", "gateway_ingress-sbox", "two", "", "172.25.0.2"),
    )
    assert address_owners(replace(found, members={GATEWAY.id: members})) == {
        "172.25.0.3": AddressOwner("web", "docker_gwbridge", "web-id"),
        "172.25.0.2": AddressOwner("gateway_ingress-sbox", "docker_gwbridge", "ingress-sbox", is_container=False),
    }


def test_addresses_of_drivers_without_a_bridge_are_in_no_rule() -> None:
    """One of an overlay may be the same as one of a bridge network."""
    lan = run("lan", network="lan", ip="172.18.0.2")
    assert address_owners(host(*NETWORKS, network("lan", driver="macvlan"), lan)) == {}


def test_who_is_stopped_has_no_address() -> None:
    assert address_owners(host(*NETWORKS, stop(WEB))) == {}


def test_a_live_endpoint_outdoes_a_members_old_address() -> None:
    old = replace(host(*NETWORKS, WEB), members={"front-net": (Member("old", "old", "one", "", "172.18.0.2"),)})
    assert address_owners(old)["172.18.0.2"] == AddressOwner("web", "front", "web-id")


def test_an_endpoint_without_an_address_owns_none() -> None:
    assert address_owners(host(*NETWORKS, connect(run("web", network="none"), "front"))) == {}
