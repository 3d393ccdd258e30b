"""Podman's answers: its product, its bridges, and the networks that its containers name."""

import json
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

import pytest

from exporter.core.model.docker import DOCKER, PODMAN, Subnet
from exporter.docker_engine.client import EngineClient
from exporter.docker_engine.connection import Connection
from exporter.docker_engine.parse import parse_engine, parse_inspected
from exporter.docker_engine.podman import (
    LIBPOD,
    LIBPOD_API_VERSION,
    NETWORKS,
    parse_podman_network,
    product_of,
    with_network_names,
)
from exporter.docker_engine.settings import LIMITS, TIMING
from exporter.docker_engine.transport import Answer
from tests.support.fake_engine import FakeEngine
from tests.support.recorded import ENGINES, answer

ENGINE = "podman-4.3.1"
PODMAN_HEADERS = {"Api-Version": "1.41", LIBPOD_API_VERSION: "4.3.1"}


def test_podman_is_told_by_its_component() -> None:
    engine = parse_engine(answer(ENGINE, "version"), answer(ENGINE, "info"))
    assert (engine.product, engine.version, engine.api_version) == (PODMAN, "4.3.1", "1.41")


@pytest.mark.parametrize("engine", ENGINES)
def test_docker_is_not(engine: str) -> None:
    assert product_of(answer(engine, "version")) == DOCKER


def test_a_network_has_its_bridge_and_the_id_that_containers_name() -> None:
    shop, default = map(parse_podman_network, answer(ENGINE, "libpod-networks"))
    assert (shop.id, shop.name, shop.bridge, shop.subnets) == (
        "shopnet",
        "shopnet",
        "podman1",
        (Subnet("10.89.0.0/24", "10.89.0.1"),),
    )
    assert (default.id, default.bridge) == ("podman", "podman0")
    [endpoint] = parse_inspected(answer(ENGINE, "running")).endpoints
    assert endpoint.network_id == shop.id


def test_an_endpoint_of_podman_5_has_the_name_of_its_network_for_the_id() -> None:
    """As 5.4.2 answers: an id that its list of networks has not got."""
    document = answer(ENGINE, "running")
    networks = document["NetworkSettings"]["Networks"]
    newer = {name: {**row, "NetworkID": "ad29e553db92"} for name, row in networks.items()}
    found = {**document, "NetworkSettings": {**document["NetworkSettings"], "Networks": newer}}
    assert parse_inspected(found).endpoints != parse_inspected(document).endpoints
    assert parse_inspected(with_network_names(found)) == parse_inspected(document)
    assert with_network_names({"Id": "x"}) == {"Id": "x", "NetworkSettings": {"Networks": {}}}


def test_the_default_network_does_not_change_with_each_list() -> None:
    """Its creation is the moment of the request."""
    *_, row = answer(ENGINE, "libpod-networks")
    assert row["name"] == "podman"
    assert parse_podman_network(row) == parse_podman_network({**row, "created": "2026-11-30T00:00:00Z"})


@pytest.mark.parametrize(
    ("row", "bridge", "mtu"),
    [
        ({"name": "lan", "driver": "macvlan", "network_interface": "eth0"}, "", 0),
        (
            {"name": "n", "driver": "bridge", "network_interface": "podman7", "options": {"mtu": "1400"}},
            "podman7",
            1400,
        ),
    ],
)
def test_other_drivers_have_no_bridge_and_options_may_be_missing(row: dict[str, Any], bridge: str, mtu: int) -> None:
    found = parse_podman_network(row)
    assert (found.bridge, found.mtu, found.subnets) == (bridge, mtu, ())


def test_networks_are_read_from_podmans_own_api(monkeypatch: pytest.MonkeyPatch, engine: FakeEngine) -> None:
    """By the oldest version of that, whatever the version of the other."""
    engine.headers |= PODMAN_HEADERS
    paths: list[str] = []

    def document(_self: Connection, path: str, *_: object) -> Any:
        paths.append(path)
        return answer(ENGINE, "libpod-networks")

    monkeypatch.setattr(Connection, "document", document)
    with closing(EngineClient(engine.url)) as client:
        assert [network.bridge for network in client.networks()] == ["podman1", "podman0"]
    assert paths == [NETWORKS]
    assert NETWORKS.startswith(LIBPOD)


class Answers:
    """Stands in for a transport: it answers with headers and /version, and keeps the time-outs of the requests."""

    def __init__(self, engine: str, headers: Mapping[str, str]) -> None:
        self.version, self.timeouts = json.dumps(answer(engine, "version")).encode(), dict[str, float]()
        self.headers = headers

    @contextmanager
    def get(self, path: str, _: object, timeout: float, *, stream: bool) -> Iterator[Answer]:
        """Answer each request with the version."""
        assert not stream
        self.timeouts[path.rpartition("/")[2]] = timeout
        yield Answer(200, self.headers, iter([self.version]))


@pytest.mark.parametrize("headers", [True, False], ids=["by the head of a ping", "by the version"])
@pytest.mark.parametrize(
    ("engine", "headers_of_engine", "seconds"),
    [(ENGINE, PODMAN_HEADERS, TIMING.answer), (ENGINES[0], {"Api-Version": "1.41"}, TIMING.request_timeout)],
)
def test_podman_may_be_silent_for_longer(
    monkeypatch: pytest.MonkeyPatch, engine: str, headers_of_engine: dict[str, str], seconds: float, *, headers: bool
) -> None:
    """It starts programs for its answers."""
    transport = Answers(engine, headers_of_engine if headers else {})
    monkeypatch.setattr("exporter.docker_engine.connection.make_transport", lambda *_: transport)
    Connection("unix:///nowhere", TIMING, LIMITS).document("/info", dict)
    asked = ("_ping",) if headers else ("_ping", "version")
    assert transport.timeouts == {**dict.fromkeys(asked, TIMING.request_timeout), "info": seconds}
