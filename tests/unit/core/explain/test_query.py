"""The port or the container that a user asks about."""

import pytest
from msgspec.structs import replace

from exporter.core.explain.query import Query, find_container, find_source, parse_query, why_no_container
from exporter.core.model.container_details import EndpointNames
from exporter.core.model.mesh import MeshPort
from tests.support.builders import inventory, run
from tests.support.port_hosts import details

ALIASED = details(run("shop-web-1"), endpoints=(EndpointNames("front-id", names=("shop-web-1", "web")),))
IDS = ("4e4bd2", "4275aa", "db01", "cafe", "cafe7")
FIVE = inventory(*(replace(run(f"c{number}"), id=one) for number, one in enumerate(IDS)), run("db"), ALIASED)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("8080", Query("", 8080)),
        ("tcp/8080", Query("tcp", 8080)),
        ("8080/UDP", Query("udp", 8080)),
        ("sctp/1", Query("sctp", 1)),
        ("0", None),
        ("65536", None),
        ("icmp/8", None),
        ("tcp/80/udp", None),
        ("٨٠", None),
        ("web", None),
    ],
)
def test_a_port_is_read_as_people_write_it(text: str, asked: Query | None) -> None:
    assert parse_query(text) == asked


@pytest.mark.parametrize(
    ("text", "name"),
    [
        *[("c0", "c0"), ("/c0", "c0"), ("4e", "c0"), ("4e4bd2", "c0"), ("/shop-web-1", "shop-web-1")],
        *[
            ("db", "db"),
            ("db0", "c2"),
            ("cafe7", "c4"),
            ("42", None),
            ("4", None),
            ("caf", None),
            ("", None),
            ("/", None),
        ],
    ],
)
def test_a_container_is_named_as_for_docker_but_a_number_is_a_port(text: str, name: str | None) -> None:
    found = find_container(FIVE, text)
    assert (found.name if found else None) == name


def test_where_no_port_can_stand_a_number_is_an_id() -> None:
    found = find_source(FIVE, "42")
    assert found is not None
    assert found.name == "c1"


def test_a_name_on_a_network_or_of_a_service_is_not_the_beginning_of_an_id() -> None:
    """IDs begin with `db` or `cafe`, and services are called so."""
    other = replace(run("other"), id="db01")
    server = details(run("shop-db-1"), endpoints=(EndpointNames("front-id", aliases=("db",)),))
    assert find_source(inventory(other), "db") == other
    assert find_source(inventory(other, server), "db") is None
    assert find_source(inventory(other, server), "db0") == other
    mesh = {"ingress-id": (MeshPort("db", 8080, 80),)}
    assert find_source(replace(inventory(other), mesh=mesh), "db") is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("caf", "the IDs of 2 containers begin with caf: c3, c4"),
        ("4", "the IDs of 2 containers begin with 4: c0, c1"),
        ("web", "there is no container web; it is a name of shop-web-1 on a network"),
        ("/nosuch", "there is no container nosuch"),
    ],
)
def test_why_a_text_names_no_container(text: str, why: str) -> None:
    assert why_no_container(FIVE, text) == why


def test_of_many_containers_five_are_named() -> None:
    many = inventory(*(replace(run(f"c{number}"), id=f"ab{number}") for number in range(7)))
    assert why_no_container(many, "ab") == "the IDs of 7 containers begin with ab: c0, c1, c2, c3, c4 and 2 more"
