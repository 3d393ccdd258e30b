"""Places and owners, as people read them."""

import pytest

from exporter.core.model.sockets import Owner
from exporter.core.ports.conflict import conflict, is_about, of_holder
from exporter.core.ports.listen_address import ListenAddress, described
from tests.support.port_hosts import NOW, details, publishes, scene


@pytest.mark.parametrize(
    ("place", "written"),
    [
        (ListenAddress("tcp", "0.0.0.0", 8080), "tcp/8080"),
        (ListenAddress("tcp", "", 8080), "tcp/8080"),
        (ListenAddress("udp", "127.0.0.1", 53), "udp/53 on 127.0.0.1"),
        (ListenAddress("tcp", "::", 8080), "tcp/8080 on [::]"),
        (ListenAddress("tcp", "", 0), "a tcp port"),
        (ListenAddress("", "", 0), "a host port"),
    ],
)
def test_a_place_is_its_port_and_its_address_unless_that_is_every(place: ListenAddress, written: str) -> None:
    assert str(place) == written


@pytest.mark.parametrize(
    ("owner", "written"),
    [
        (Owner("container", "web"), "container web"),
        (Owner("process", "nginx"), "process nginx"),
        (Owner("docker-proxy", "web"), "container web (docker-proxy)"),
        (Owner("docker-proxy"), "docker-proxy"),
        (Owner("engine", "web"), "container web (the engine)"),
        (Owner("engine"), "the engine"),
        (Owner("connection", "curl"), "an outgoing connection of curl"),
        (Owner("connection"), "an outgoing connection"),
        (Owner("address", "192.0.2.1"), "address 192.0.2.1"),
        (Owner(), "an unidentified process"),
    ],
)
def test_an_owner_is_named_with_what_it_is(owner: Owner, written: str) -> None:
    assert described(owner) == written


def test_of_every_address_of_both_families_ipv4s_is_shown_and_of_an_unknown_port_none() -> None:
    found = conflict(scene(), "latent", ListenAddress("tcp", "", 8080), "web", "info", "")
    assert (found.labels["address"], found.labels["port"]) == ("0.0.0.0", "8080")
    unknown = conflict(scene(), "start_failed", ListenAddress("tcp", "", 0), "web", "warning", "").labels
    assert (unknown["address"], unknown["port"], unknown["holder"], unknown["holder_kind"]) == ("", "0", "", "")


def test_a_condition_is_that_of_one_life_whoever_holds_the_port() -> None:
    place, nginx = ListenAddress("tcp", "", 8080), Owner("process", "nginx")
    first, later = (scene(details(publishes("web", "8080:80"), started=started)) for started in (NOW, NOW + 1))
    found = conflict(first, "latent", place, "web", "info", "")
    assert conflict(first, "latent", place, "web", "critical", "reworded", holder=nginx).key == found.key
    assert conflict(later, "latent", place, "web", "info", "").key != found.key
    assert of_holder(conflict(first, "latent", place, "web", "info", "", holder=nginx)).key != of_holder(found).key


def test_a_finding_is_about_the_address_and_the_container_that_it_names() -> None:
    found = conflict(scene(), "latent", ListenAddress("tcp", "", 8080), "web", "info", "")
    assert is_about(found, ListenAddress("tcp", "0.0.0.0", 8080), "web")
    for place, name in (("::", "web"), ("0.0.0.0", "api")):
        assert not is_about(found, ListenAddress("tcp", place, 8080), name)
