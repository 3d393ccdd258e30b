"""What the engine's DNS server has: names of containers, and the order of a client's networks."""

from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.model.container_details import Details, EndpointNames
from exporter.core.model.docker import Container
from exporter.core.reach.context import ReachContext
from exporter.core.reach.names.records import is_generated, look_up, names_on, ordered_networks
from exporter.core.reach.view import NamespaceView, Visited
from exporter.core.topology.topology import join
from tests.support.builders import connect, devices, inventory, network, observed, run, stop
from tests.support.reach_namespaces import NO_ROUTE

NETWORKS = (
    *(network("bridge", bridge="docker0"), network("front"), network("zback"), network("Upper")),
    network("ainner", internal=True),
)


def on(*names: str, gateway: str = "10.0.0.1") -> Container:
    """The client on these networks."""
    client = run("client", network="none")
    for number, name in enumerate(names):
        client = connect(client, name, ip=f"10.{number}.0.2", gateway="" if name == "ainner" else gateway)
    return client


def named(container: Container, network_name: str = "front", **names: Any) -> Container:
    """The container with what its inspect has of an endpoint's names."""
    details = container.details or Details()
    added = EndpointNames(f"{network_name}-net", **names)
    return replace(container, details=replace(details, endpoints=(*details.endpoints, added)))


def context_of(*containers: Container) -> ReachContext:
    topology = join(inventory(*NETWORKS, *containers), devices())
    return ReachContext(observed(topology), lambda _: Visited(NamespaceView(), lambda _: NO_ROUTE))


def order(client: Container) -> list[str]:
    return [found.name for found, _ in ordered_networks(context_of(client), client)]


def addresses(client: Container, text: str, *others: Container) -> tuple[str, ...]:
    return look_up(context_of(client, *others), client, text).addresses


@pytest.mark.parametrize(
    ("client", "expected"),
    [
        (on("zback", "front"), ["front", "zback"]),
        (on("ainner", "zback", "front"), ["front", "zback", "ainner"]),
        (named(on("front", "zback"), "zback", priority=5), ["zback", "front"]),
        (named(on("front", "zback"), "front", priority=-1), ["zback", "front"]),
        (named(on("front", "zback"), "zback", gateway6="fd00::1"), ["zback", "front"]),
        (named(on("ainner", "zback"), "ainner", priority=1), ["ainner", "zback"]),
        (named(on("ainner", "zback", gateway=""), "ainner", gateway6="fd00::1"), ["zback", "ainner"]),
    ],
    ids=["by name", "internal last", "priority", "negative", "both families", "priority of internal", "not internal"],
)
def test_the_order_of_networks(client: Container, expected: list[str]) -> None:
    assert order(client) == expected


DB = run("db", network="front", ip="10.0.0.3")


@pytest.mark.parametrize(
    ("server", "names"),
    [
        (named(DB, names=("db", "Store", "abc")), {"db", "store", "abc"}),
        (named(DB, aliases=("Store",)), {"db", "db-id", "store"}),
        (replace(DB, details=Details(hostname="HAL")), {"db", "db-id", "hal"}),
        (DB, {"db", "db-id"}),
    ],
    ids=["DNSNames", "aliases", "hostname", "no details"],
)
def test_the_names_of_an_endpoint(server: Container, names: set[str]) -> None:
    assert names_on(server, network("front")) == names


@pytest.mark.parametrize("text", ["db", "DB", "db.", "db.front", "DB.front", "db.front.", "db-id"])
def test_a_name_that_the_network_has(text: str) -> None:
    assert addresses(on("front"), text, DB) == ("10.0.0.3",)


@pytest.mark.parametrize("text", ["db2", "db.zback", "db.FRONT", "front", ".front", ""])
def test_a_name_that_it_does_not_have(text: str) -> None:
    """The network's name at the end is case-sensitive: such a name is queried upstream."""
    assert addresses(on("front"), text, DB) == ()


def test_the_ending_is_that_of_a_network_in_capitals_too() -> None:
    server = run("db", network="Upper", ip="10.0.0.3")
    assert addresses(on("Upper"), "db.Upper", server) == ("10.0.0.3",)
    assert addresses(on("Upper"), "db.upper", server) == ()


def test_only_the_first_network_with_the_name_answers() -> None:
    server = connect(
        run(
            "db",
            network="zback",
            ip="10.1.0.3",
        ),
        "front",
        ip="10.0.0.3",
    )
    found = look_up(context_of(on("zback", "front"), server), on("zback", "front"), "db")
    assert (found.network, found.addresses) == ("front", ("10.0.0.3",))


def test_an_alias_of_two_containers_has_both_addresses_and_a_paused_one_counts() -> None:
    one = named(DB, aliases=("store",))
    two = replace(named(run("db2", network="front", ip="10.0.0.4"), aliases=("store",)), state="paused")
    assert addresses(on("front"), "store", one, two) == ("10.0.0.3", "10.0.0.4")
    assert addresses(on("front"), "store", one, stop(two)) == ("10.0.0.3",)


def test_the_default_network_has_no_names() -> None:
    assert addresses(on("bridge"), "db", run("db", network="bridge", ip="10.0.0.3")) == ()


def test_a_link_is_the_clients_own_name() -> None:
    client = named(on("front"), links=("/db:store",))
    assert addresses(client, "STORE", DB) == ("10.0.0.3",)
    assert addresses(on("front"), "store", DB) == ()


@pytest.mark.parametrize(
    ("server", "text", "may_be"),
    [
        (run("happy_bohr", network="front"), "happy_bohr", True),
        (run("happy_bohr3", network="front"), "happy_bohr3", True),
        (run("db", network="front"), "db", False),
        (run("proj_web_1", network="front"), "proj_web_1", False),
        (named(run("happy_bohr", network="front"), names=("happy_bohr",)), "happy_bohr", False),
        (named(run("happy_bohr", network="front"), aliases=("happy_bohr",)), "happy_bohr", False),
        (named(run("happy_bohr", network="front"), aliases=("store",)), "store", False),
    ],
)
def test_a_name_that_an_old_engine_may_have_chosen(server: Container, text: str, may_be: bool) -> None:  # noqa: FBT001
    assert is_generated(server, text) is may_be
