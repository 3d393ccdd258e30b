"""Endpoints of containers that are gone."""

from typing import Any

import pytest

from exporter.core.model.docker import Member
from exporter.core.network.context import NetworkContext
from exporter.core.network.rules.ghost_endpoint import check
from tests.support.builders import network, stop
from tests.support.findings import network_finding
from tests.support.scenes import DB, FRONT, WEB, scene

GONE = "4f" * 32


def listing(member: Member, net: str = "front", **more: Any) -> NetworkContext:
    """The ordinary host, and a network that lists one more."""
    gateway = network("docker_gwbridge", bridge="br-front")
    return scene(
        FRONT, WEB, DB, *([gateway] if net != "front" else []), extra_members={f"{net}-net": (member,)}, **more
    )


def found(seen: NetworkContext) -> list[str]:
    return [finding.labels["subject"] for finding in check(seen)]


def member(container_id: str = GONE, name: str = "old", endpoint_id: str = "e9", ip: str = "172.18.0.9") -> Member:
    return Member(container_id, name, endpoint_id, "02:00:00:00:00:09", ip)


def test_an_endpoint_of_a_container_that_is_gone_is_found(sentence: Any) -> None:
    assert list(check(listing(member()))) == [
        network_finding(
            "ghost_endpoint",
            "warning",
            "front",
            "old",
            sentence,
        )
    ]


def test_an_endpoint_without_a_sandbox_is_found_by_its_own_id() -> None:
    assert found(listing(member("ep-e9", ip=""))) == ["old"]
    assert found(listing(member("ep-e9", name=""))) == ["e9"]


@pytest.mark.parametrize("container_id", ["ingress-sbox", "lb-front"])
def test_an_endpoint_that_docker_made_for_itself_is_no_ghost(container_id: str) -> None:
    assert found(listing(member(container_id, name="front-endpoint"))) == []


def test_a_gateway_endpoint_is_docker_s_own_on_the_gateway_network_only() -> None:
    assert found(listing(member(name="gateway_c8cfac63929d"), net="docker_gwbridge")) == []
    assert found(listing(member(name="gateway_c8cfac63929d"))) == ["gateway_c8cfac63929d"]


def test_a_starting_containers_endpoint_is_listed_before_its_sandbox() -> None:
    assert found(listing(member("ep-web-front-endpoint", endpoint_id="web-front-endpoint"))) == []


def test_a_container_that_is_there_is_no_ghost_in_whatever_state() -> None:
    assert found(scene(FRONT, stop(WEB), extra_members={"front-net": (member("web-id"),)})) == []


def test_a_network_that_is_gone_is_not_judged() -> None:
    assert found(scene(FRONT, extra_members={"gone-net": (member(),)})) == []
