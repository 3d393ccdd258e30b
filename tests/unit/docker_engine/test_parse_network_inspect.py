"""What the inspect of a network tells beyond the list, as four engines told it."""

import pytest

from exporter.core.model.docker import NetworkInspect, RemoteEndpoint
from exporter.core.model.mesh import MeshPort, Task
from exporter.docker_engine.parse_network_inspect import parse_network_inspect
from tests.support.recorded import ENGINES, answer

every_engine = pytest.mark.parametrize("engine", ENGINES)


@pytest.mark.parametrize(
    ("engine", "remote"),
    [
        ("20.10.24", {"o2": "10.77.0.4", "svc.2": "10.77.0.7"}),
        ("26.1.5", {"o2": "10.77.0.4"}),  # a moment before the other task came up
        ("28.5.2", {"o2": "10.77.0.4", "svc.2": "10.77.0.7"}),
        ("29.7.2", {"o2": "10.77.0.4", "svc.2": "10.77.0.7"}),
    ],
)
def test_an_overlays_endpoints_elsewhere_are_the_tasks_that_are_not_among_its_own(
    engine: str, remote: dict[str, str]
) -> None:
    found = parse_network_inspect(answer(engine, "overlay"))
    assert {".".join(e.name.split(".")[:2]): e.ip_address for e in found.remote} == remote
    assert {e.host_ip for e in found.remote} == {"10.200.0.2"}
    assert not {e.endpoint_id for e in found.remote} & {member.endpoint_id for member in found.members}
    assert {member.name.partition(".")[0] for member in found.members} == {"o1", "svc", "ov-endpoint"}


@every_engine
def test_a_network_of_this_host_has_none_elsewhere(engine: str) -> None:
    found = parse_network_inspect(answer(engine, "network"))
    assert found.remote == ()
    assert len(found.members) == 2


@pytest.mark.parametrize(
    ("engine", "use"),
    [("20.10.24", {}), ("26.1.5", {}), ("28.5.2", {}), ("29.7.2", {"172.19.0.0/16": (5, 65531)})],
)
def test_from_29_on_the_engine_counts_the_addresses_itself(engine: str, use: dict[str, tuple[int, int]]) -> None:
    assert parse_network_inspect(answer(engine, "network")).address_use == use


def test_the_ingress_network_tells_the_ports_of_the_routing_mesh() -> None:
    document = answer("28.5.2", "ingress")
    here = Task("svc.1.luf5dy6oeejjljcdfbkg19zgk", "", "10.0.0.4")
    assert parse_network_inspect(document).mesh == (
        MeshPort("svc", 8085, 80, (here,)),
        MeshPort("svc", 8086, 81, (here,)),
    )
    elsewhere = {"Name": "svc.2.x", "EndpointID": "e2", "EndpointIP": "10.0.0.5", "Info": {"Host IP": "192.0.2.2"}}
    document["Services"]["svc"]["Tasks"].append(elsewhere)
    assert parse_network_inspect(document).mesh[0].tasks == (here, Task("svc.2.x", "192.0.2.2", "10.0.0.5"))
    document["Services"]["svc"]["Ports"].append("Target: eighty, Publish: x")
    assert len(parse_network_inspect(document).mesh) == 2
    assert parse_network_inspect({**document, "Ingress": False}).mesh == ()


def task(endpoint_id: str = "e1", ip: str = "10.77.0.4", **more: object) -> dict[str, object]:
    return {"Name": "o2", "EndpointID": endpoint_id, "EndpointIP": ip, "Info": {"Host IP": "10.200.0.2"}} | more


def services(*tasks: object) -> dict[str, object]:
    return {"Services": {"": {"Tasks": list(tasks)}}}


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"Services": None},
        {"Services": {"svc": {"Tasks": None}}},
        services(task(Info=None)),
        services(task(Info={})),
        services(task(ip="")),
        services(task()) | {"Containers": {"web-id": {"EndpointID": "e1"}}},
    ],
)
def test_what_is_not_told_whole_is_no_endpoint_elsewhere(document: dict[str, object]) -> None:
    assert parse_network_inspect(document).remote == ()


def test_the_order_of_the_engine_which_is_none_does_not_matter() -> None:
    one, two = task("e1", "10.77.0.4"), task("e2", "10.77.0.5")
    found = parse_network_inspect(services(two, one))
    assert found == parse_network_inspect(services(one, two))
    assert found == NetworkInspect(
        remote=(
            RemoteEndpoint("e1", "o2", "10.77.0.4", "10.200.0.2"),
            RemoteEndpoint("e2", "o2", "10.77.0.5", "10.200.0.2"),
        )
    )


@pytest.mark.parametrize("status", [None, {}, {"IPAM": None}, {"IPAM": {"Subnets": {"10.0.0.0/8": {"IPsInUse": 3}}}}])
def test_a_count_that_is_not_there_is_not_made_up(status: object) -> None:
    assert parse_network_inspect({"Status": status}).address_use == {}
