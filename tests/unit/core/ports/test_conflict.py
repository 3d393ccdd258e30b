"""Places and owners, as people read them."""

import pytest

from exporter.core.model.sockets import Owner
from exporter.core.ports.conflict import NOBODY, Place, conflict, described


@pytest.mark.parametrize(
    ("place", "written"),
    [
        (Place("tcp", "0.0.0.0", 8080), "tcp/8080"),
        (Place("tcp", "", 8080), "tcp/8080"),
        (Place("udp", "127.0.0.1", 53), "udp/53 on 127.0.0.1"),
        (Place("tcp", "::", 8080), "tcp/8080 on [::]"),
        (Place("tcp", "", 0), "a tcp port"),
        (Place("", "", 0), "a host port"),
    ],
)
def test_a_place_is_its_port_and_its_address_unless_that_is_every(place: Place, written: str) -> None:
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
        (Owner(), "a process that cannot be seen from here"),
    ],
)
def test_an_owner_is_named_with_what_it_is(owner: Owner, written: str) -> None:
    assert described(owner) == written


def test_of_every_address_of_both_families_ipv4s_is_shown_and_of_an_unknown_port_none() -> None:
    assert conflict("latent", Place("tcp", "", 8080), "web", "info", "").address == "0.0.0.0"
    unknown = conflict("start_failed", Place("tcp", "", 0), "web", "warning", "")
    assert (unknown.address, unknown.port, unknown.holder, unknown.holder_kind) == ("", 0, NOBODY.name, NOBODY.kind)
