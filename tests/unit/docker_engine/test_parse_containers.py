"""Containers of four engines, as they answered."""

from collections.abc import Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.model.docker import Container, Endpoint
from exporter.docker_engine.parse import parse_inspected, parse_listed
from exporter.docker_engine.parse_details import parse_time
from tests.support.recorded import ENGINES, answer

every_engine = pytest.mark.parametrize("engine", ENGINES)


def inspected(engine: str, name: str) -> Container:
    return parse_inspected(answer(engine, name))


def listed(engine: str) -> Mapping[str, Container]:
    return {container.name: container for container in map(parse_listed, answer(engine, "containers"))}


def test_an_inspect_becomes_a_container() -> None:
    back, front = answer("28.5.2", "two-networks")["NetworkSettings"]["Networks"].values()
    assert replace(inspected("28.5.2", "two-networks"), details=None) == Container(
        id="356e9447cb08801e2f4506ca66fd7d50676738bf33f002479ad9ac58c742f1c5",
        name="shop-web-1",
        image="busybox:local",
        state="running",
        network_mode="shop_front",
        labels={
            "com.docker.compose.container-number": "1",
            "com.docker.compose.project": "shop",
            "com.docker.compose.service": "web",
        },
        endpoints=(
            Endpoint("shop_back", back["NetworkID"], back["EndpointID"], "ba:b5:7e:54:d5:66", "172.19.0.2"),
            Endpoint(
                "shop_front",
                front["NetworkID"],
                front["EndpointID"],
                "6a:2e:95:88:58:8f",
                "172.18.0.2",
                gateway="172.18.0.1",
            ),
        ),
        created=1795509988.020313,
        pid=7197,
        sandbox_key="/var/run/docker/netns/bc8084257679",
    )


@every_engine
def test_the_default_network_is_called_bridge(engine: str) -> None:
    """20.10 says 'default' when no network was named."""
    assert inspected(engine, "running").network_mode == "bridge"
    assert listed(engine)["plain"].network_mode == "bridge"


@every_engine
def test_list_and_inspect_tell_the_same_of_a_live_container(engine: str) -> None:
    """The list lacks the process and the details, and counts its creation in whole seconds."""
    rows = listed(engine)
    for name in ("running", "two-networks", "dual-stack", "sharer", "host-mode", "none", "paused"):
        found = inspected(engine, name)
        row = rows[found.name]
        assert (row.pid, row.sandbox_key) == (0, "")
        assert int(found.created) == row.created
        assert without_details(row) == without_details(found)


def without_details(container: Container) -> dict[str, Any]:
    fields = {name: getattr(container, name) for name in container.__struct_fields__}
    return {**fields, "pid": 0, "sandbox_key": "", "created": 0, "details": None}


@every_engine
@pytest.mark.parametrize("name", ["created", "port-taken", "restarting", "stopped", "died-while-engine-was-down"])
def test_a_container_without_a_process_has_no_endpoint_and_no_sandbox(engine: str, name: str) -> None:
    """Engines up to 26 go on showing the address of one that died while they were away."""
    found = inspected(engine, name)
    assert (found.live, found.endpoints, found.pid, found.sandbox_key) == (False, (), 0, "")


def test_the_stale_address_of_the_dead_is_in_the_recording() -> None:
    """What the test above rests on."""
    dead = answer("26.1.5", "died-while-engine-was-down")
    assert dead["NetworkSettings"]["Networks"]["bridge"]["IPAddress"] == "172.17.0.3"


@every_engine
def test_a_listed_container_that_failed_to_start_has_no_endpoint(engine: str) -> None:
    """Up to 28.5 the list shows the address of the failed try."""
    assert listed(engine)["port-taken"].endpoints == ()


@every_engine
def test_a_container_that_waits_for_its_restart_is_not_live(engine: str) -> None:
    """It is Running, and has no process."""
    found = inspected(engine, "restarting")
    assert (found.state, found.live, listed(engine)["restarting"].live) == ("restarting", False, False)


@every_engine
def test_a_paused_container_is_live(engine: str) -> None:
    found = inspected(engine, "paused")
    assert (found.state, found.live, found.pid > 0) == ("paused", True, True)


@every_engine
def test_a_sharer_names_the_owner_of_its_network_and_has_no_endpoint(engine: str) -> None:
    found = inspected(engine, "sharer")
    owner = inspected(engine, "two-networks").id
    assert (found.network_mode, found.network_owner, found.endpoints) == ("container", owner, ())


@every_engine
@pytest.mark.parametrize("name", ["host-mode", "none"])
def test_an_endpoint_on_host_or_none_has_no_addresses(engine: str, name: str) -> None:
    (endpoint,) = inspected(engine, name).endpoints
    assert endpoint == Endpoint(endpoint.network, endpoint.network_id, endpoint.endpoint_id)
    assert endpoint.network == name.removesuffix("-mode")


@every_engine
def test_a_dual_stack_endpoint_has_both_addresses(engine: str) -> None:
    (endpoint,) = inspected(engine, "dual-stack").endpoints
    assert (endpoint.ip_address, endpoint.ip6_address) == ("10.98.0.2", "fd00:98::2")


def test_an_address_that_was_asked_for_is_told_of_the_dead_too() -> None:
    """`docker run --ip`: it is the container's at its next start."""
    document = answer("28.5.2", "stopped")
    document["NetworkSettings"]["Networks"]["bridge"]["IPAMConfig"] = {"IPv4Address": "172.17.0.9", "IPv6Address": ""}
    assert parse_inspected(document).static_addresses == (("bridge", "172.17.0.9"),)


@pytest.mark.parametrize(("engine", "gateway"), [("20.10.24", "172.19.0.1"), ("26.1.5", ""), ("29.7.2", "")])
def test_an_internal_network_has_a_gateway_on_old_engines_only(engine: str, gateway: str) -> None:
    endpoints = {endpoint.network: endpoint for endpoint in inspected(engine, "two-networks").endpoints}
    assert endpoints["shop_back"].gateway == gateway


def test_a_mac_address_is_spelled_as_the_kernel_spells_it() -> None:
    """One that an operator chose is told as it was written."""
    document = answer("28.5.2", "running")
    document["NetworkSettings"]["Networks"]["bridge"]["MacAddress"] = "02:42:AC:11:00:0A"
    assert parse_inspected(document).endpoints[0].mac_address == "02:42:ac:11:00:0a"


def test_absent_labels_are_none() -> None:
    document = answer("28.5.2", "running")
    document["Config"]["Labels"] = None
    assert parse_inspected(document).labels == {}


@pytest.mark.parametrize(
    ("names", "name"),
    [
        (["/db/web", "/web"], "web"),  # docker run --link web:db
        (["/web"], "web"),
        (None, "3e29a9da3641"),  # being removed
        ([], "3e29a9da3641"),
    ],
)
def test_a_listed_container_has_its_own_name_among_those_of_links(names: list[str] | None, name: str) -> None:
    row = next(row for row in answer("28.5.2", "containers") if row["Names"] == ["/plain"])
    assert parse_listed({**row, "Names": names}).name == name


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-11-24T08:46:28.674585503Z", 1795509988.674585),
        ("2026-11-24T08:46:28.6Z", 1795509988.6),
        ("2026-11-24T08:46:28Z", 1795509988.0),
        ("2026-11-24T09:46:28.674585503+01:00", 1795509988.674585),
        ("0001-01-01T00:00:00Z", 0.0),
        ("", 0.0),
        (None, 0.0),
    ],
)
def test_a_time_has_any_number_of_digits_or_is_the_zero_time(text: str | None, seconds: float) -> None:
    assert parse_time(text) == pytest.approx(seconds, abs=1e-6)
