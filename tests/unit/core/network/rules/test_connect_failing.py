"""Pairs whose connects fail."""

from typing import Any

import pytest

from exporter.core.connections.context import ConnectionContext
from exporter.core.connections.pair import Pair
from exporter.core.connections.tries import Tries
from exporter.core.findings.finding import Finding
from exporter.core.model.docker import Container
from exporter.core.network.rules.connect_failing import check
from tests.support.builders import inventory, network, run, stop
from tests.support.findings import network_finding

WEB, DB = run("web", network="front"), run("db", network="front")
WEB_DB = Pair("web", "db", "container", "5432", "client")


def found(
    pair: Pair = WEB_DB, *containers: Container, established: int = 0, failing: bool = True, **failed: int
) -> list[Finding]:
    things = containers or (WEB, DB)
    host = inventory(network("front"), network("back"), *things)
    return list(check(ConnectionContext(host, tries={pair: Tries(established, failed, failing)})))


def test_connects_that_are_refused_are_found_with_the_cause(sentence: Any) -> None:
    assert found(refused=10) == [network_finding("connect_failing", "warning", "front", "web to db:5432", sentence)]


def test_containers_without_a_common_network_are_named_as_the_cause(sentence: Any) -> None:
    [finding] = found(WEB_DB, WEB, run("db", network="back"), timed_out=10, abandoned=3)
    assert (finding.severity, finding.labels["network"]) == ("warning", "")
    assert finding.detail == sentence
    assert "no network" in finding.detail


def test_an_address_that_no_container_has_is_named(sentence: Any) -> None:
    [finding] = found(Pair("web", "", "nobody", "5432", "client"), unreachable=10)
    assert finding == network_finding("connect_failing", "warning", "", "web to (nobody):5432", sentence)


def test_no_local_port_is_found_at_once(sentence: Any) -> None:
    [finding] = found(established=5000, no_port=5001)
    assert (finding.severity, finding.detail) == ("warning", sentence)
    assert [one.severity for one in found(Pair("web", "", "outside", "443", "client"), no_port=1)] == ["warning"]


def test_processes_of_the_host_are_a_client(sentence: Any) -> None:
    [finding] = found(WEB_DB._replace(container=""), refused=10)
    assert finding.labels["subject"] == "(host) to db:5432"
    assert finding.detail == sentence


@pytest.mark.parametrize(
    "ordinary",
    [
        {"refused": 9},
        {"refused": 40, "failing": False},
        {"refused": 10, "established": 11},
        {"abandoned": 50, "established": 1},
    ],
    ids=["few", "a server that has started since", "less than half", "races of two addresses"],
)
def test_an_ordinary_client_is_not_found(ordinary: Any) -> None:
    assert found(**ordinary) == []


def test_scans_are_not_one_peer() -> None:
    assert found(WEB_DB._replace(port="other"), refused=30_000) == []
    assert found(WEB_DB._replace(peer_kind="other", peer=""), refused=30_000) == []


@pytest.mark.parametrize("kind", ["host", "outside"])
def test_peers_that_are_no_containers_are_information(kind: str) -> None:
    [finding] = found(Pair("web", "", kind, "443", "client"), timed_out=50)
    assert finding.severity == "info"


def test_a_peer_that_was_stopped_and_short_timeouts_are_information() -> None:
    assert [finding.severity for finding in found(WEB_DB, WEB, stop(DB), unreachable=50)] == ["info"]
    assert [finding.severity for finding in found(abandoned=50)] == ["info"]
