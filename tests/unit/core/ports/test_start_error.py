"""State.Error of every engine, as it was seen or as its source writes it."""

from time import process_time

import pytest

from exporter.core.model.container_details import PortBinding
from exporter.core.ports.listen_address import ListenAddress
from exporter.core.ports.start_error import IN_USE, NOT_LOCAL, StartError, parse_start_error, possible_places
from exporter.docker_engine.parse_details import parse_details
from tests.support.recorded import ENGINES, answer

ENDPOINT = "driver failed programming external connectivity on endpoint web (d33d): "
NETWORKING = "failed to set up container networking: " + ENDPOINT
PROXY = ENDPOINT + "Error starting userland proxy: "


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (PROXY + "listen tcp4 0.0.0.0:8082: bind: address already in use", (IN_USE, "tcp", "0.0.0.0", 8082)),
        (PROXY + "listen tcp6 [::1]:8088: bind: address already in use", (IN_USE, "tcp", "::1", 8088)),
        (PROXY + "listen udp4 0.0.0.0:53: bind: address already in use", (IN_USE, "udp", "0.0.0.0", 53)),
        (ENDPOINT + "listen tcp4 0.0.0.0:8083: bind: address already in use", (IN_USE, "tcp", "0.0.0.0", 8083)),
        (ENDPOINT + "Bind for 0.0.0.0:8088 failed: port is already allocated", (IN_USE, "", "0.0.0.0", 8088)),
        (NETWORKING + "Bind for :::10000 failed: port is already allocated", (IN_USE, "", "::", 10000)),
        (NETWORKING + "Bind for fd00::5:80:81 failed: port is already allocated", (IN_USE, "", "fd00::5:80", 81)),
        (
            NETWORKING + "failed to bind host port for 0.0.0.0:8080:172.17.0.2:80/tcp: address already in use",
            (IN_USE, "tcp", "0.0.0.0", 8080),
        ),
        (
            NETWORKING + "failed to bind host port for [::]:8080:[fd00::2]:80/udp: address already in use",
            (IN_USE, "udp", "::", 8080),
        ),
        (
            NETWORKING
            + "failed to bind host port 8081 for 0.0.0.0:8080-8090:172.17.0.2:80/tcp: address already in use",
            (IN_USE, "tcp", "0.0.0.0", 8081),
        ),
        (
            NETWORKING + "failed to bind host port 0.0.0.0:8080/tcp: address already in use",
            (IN_USE, "tcp", "0.0.0.0", 8080),
        ),
        (
            NETWORKING + "failed to bind host port [fd00::5:80]:8080/tcp: address already in use",
            (IN_USE, "tcp", "fd00::5:80", 8080),
        ),
        (NETWORKING + "failed to listen on TCP socket: address already in use", (IN_USE, "tcp", "", 0)),
        (NETWORKING + "failed to listen on TCP socket: listen: address already in use", (IN_USE, "tcp", "", 0)),
        (ENDPOINT + "all ports are allocated", (IN_USE, "", "", 0)),
        (
            "error while calling PortManager.AddPort(): listen tcp 0.0.0.0:8080: bind: address already in use",
            (IN_USE, "tcp", "0.0.0.0", 8080),
        ),
        (
            PROXY + "listen tcp4 10.9.9.9:8095: bind: cannot assign requested address",
            (NOT_LOCAL, "tcp", "10.9.9.9", 8095),
        ),
        (
            NETWORKING
            + "failed to bind host port for 10.9.9.9:8095:172.17.0.2:80/tcp: cannot assign requested address",
            (NOT_LOCAL, "tcp", "10.9.9.9", 8095),
        ),
        (
            NETWORKING + "failed to bind host port 10.9.9.9:8095/tcp: cannot assign requested address",
            (NOT_LOCAL, "tcp", "10.9.9.9", 8095),
        ),
    ],
)
def test_the_texts_of_all_engines_are_understood(text: str, found: tuple[str, str, str, int]) -> None:
    assert parse_start_error(text) == StartError(*found)


@pytest.mark.parametrize("engine", ENGINES)
def test_what_four_engines_said_of_a_port_of_another_container_is_understood(engine: str) -> None:
    details = parse_details(answer(engine, "port-taken"))
    error = parse_start_error(details.error)
    assert error == StartError(IN_USE, "", "0.0.0.0", 8080)
    assert list(possible_places(error, details.bindings)) == [ListenAddress("tcp", "", 8080)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        'OCI runtime create failed: exec: "nope": executable file not found in $PATH',
        "failed to set up container networking: Address already in use",  # the IP address, not a port
        "network front not found",
    ],
)
def test_what_is_not_about_a_host_port_is_nothing(text: str) -> None:
    assert parse_start_error(text) is None


WEB = PortBinding("tcp", 80, "", 8080, 8080)
DNS = PortBinding("udp", 53, "127.0.0.1", 53, 53), PortBinding("tcp", 53, "127.0.0.1", 53, 53)
SEVERAL = PortBinding("tcp", 90, "", 9000, 9010)
ANY = PortBinding("tcp", 80)


@pytest.mark.parametrize(
    ("error", "bindings", "places"),
    [
        (StartError(IN_USE, "", "0.0.0.0", 8080), (WEB, *DNS), [("tcp", "", 8080)]),
        (StartError(IN_USE, "", "::", 8080), (WEB, *DNS), [("tcp", "", 8080)]),
        (StartError(IN_USE, "", "127.0.0.1", 53), (WEB, *DNS), [("udp", "127.0.0.1", 53), ("tcp", "127.0.0.1", 53)]),
        (StartError(IN_USE, "tcp", "", 0), (WEB, *DNS), [("tcp", "", 8080), ("tcp", "127.0.0.1", 53)]),
        (StartError(IN_USE, "", "", 0), (SEVERAL,), [("tcp", "", 9000)]),
        (StartError(IN_USE, "", "0.0.0.0", 9005), (SEVERAL,), [("tcp", "", 9005)]),
        (StartError(IN_USE, "tcp", "0.0.0.0", 32768), (ANY,), [("tcp", "", 32768)]),
        (StartError(IN_USE, "", "192.0.2.1", 8080), (WEB,), [("tcp", "192.0.2.1", 8080)]),
        (StartError(IN_USE, "", "192.0.2.1", 53), DNS, [("", "192.0.2.1", 53)]),
        (StartError(IN_USE, "tcp", "", 0), (), [("tcp", "", 0)]),
    ],
)
def test_what_a_text_lacks_comes_from_the_bindings(
    error: StartError, bindings: tuple[PortBinding, ...], places: list[tuple[str, str, int]]
) -> None:
    assert list(possible_places(error, bindings)) == [ListenAddress(*place) for place in places]


HOSTILE = (
    "failed to listen on TCP socket: ",
    "failed to listen on TCP socket: x: ",
    "failed to bind host port for ",
    "failed to bind host port for 0.0.0.0:1:/tcp: ",
    "failed to bind host port for 0.0.0.0:1:" + "/tcp" * 9,
    "failed to bind host port 1 for [::]:1-1:",
    "Bind for ::::::::::::",
    "Bind for :1:1:1:1",
    "listen tcp 0.0.0.0",
    "listen tcp4 [::]:1: bind: ",
)


@pytest.mark.parametrize("part", HOSTILE)
def test_a_text_that_an_image_chose_takes_time_linear_in_its_length(part: str) -> None:
    """A quadratic pattern takes 256 times as long for a text of 16 times the length, here more than a second."""
    short, long = (_seconds((part * length)[:length]) for length in (16_000, 256_000))
    assert long < 64 * short + 0.05


def _seconds(text: str) -> float:
    started = process_time()
    parse_start_error(text)
    return process_time() - started


def test_a_text_is_parsed_once() -> None:
    text = PROXY + "listen tcp4 0.0.0.0:8099: bind: address already in use"
    assert parse_start_error(text) is parse_start_error(text)
