"""Ports, restarts and failures of containers, as four engines told them."""

import pytest

from exporter.core.model.container_details import Details, PortBinding
from exporter.docker_engine.parse_details import parse_bindings, parse_details, parse_port
from tests.support.recorded import ENGINES, answer

every_engine = pytest.mark.parametrize("engine", ENGINES)


def details(engine: str, name: str) -> Details:
    return parse_details(answer(engine, name))


@every_engine
def test_a_random_port_is_configured_as_none_and_in_effect_on_both_families(engine: str) -> None:
    found = details(engine, "running")
    assert found.bindings == (PortBinding("tcp", 80),)
    assert found.published == (
        PortBinding("tcp", 80, "0.0.0.0", 32768, 32768),
        PortBinding("tcp", 80, "::", 32768, 32768),
    )


@every_engine
def test_a_port_that_was_taken_is_configured_and_not_in_effect_and_the_error_is_kept(engine: str) -> None:
    found = details(engine, "port-taken")
    assert (found.bindings, found.published) == ((PortBinding("tcp", 80, "", 8080, 8080),), ())
    assert found.error.endswith("Bind for 0.0.0.0:8080 failed: port is already allocated")


@every_engine
def test_no_policy_and_the_policy_no_are_the_same(engine: str) -> None:
    assert details(engine, "running").restart_policy == "no"


@every_engine
def test_host_mode_has_no_binding(engine: str) -> None:
    assert (details(engine, "host-mode").bindings, details(engine, "host-mode").published) == ((), ())


def test_ports_that_an_exited_container_keeps_are_not_in_effect() -> None:
    ports = {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}]}
    document = {"State": {"Status": "exited"}, "NetworkSettings": {"Ports": ports}}
    assert parse_details(document).published == ()


@pytest.mark.parametrize(
    ("rows", "binding"),
    [
        ([{"HostIp": "", "HostPort": ""}], PortBinding("udp", 53)),
        ([{"HostIp": "127.0.0.1", "HostPort": "53"}], PortBinding("udp", 53, "127.0.0.1", 53, 53)),
        ([{"HostIp": "", "HostPort": "8000-8010"}], PortBinding("udp", 53, "", 8000, 8010)),
    ],
)
def test_a_binding_has_an_address_and_a_port_or_a_range(rows: list[dict[str, str]], binding: PortBinding) -> None:
    assert list(parse_bindings({"53/udp": rows})) == [binding]


def test_a_port_that_is_only_exposed_has_no_binding() -> None:
    assert list(parse_bindings({"80/tcp": None, "81/tcp": []})) == []


def test_a_port_without_a_protocol_is_of_tcp() -> None:
    assert parse_port("80") == ("tcp", 80)
