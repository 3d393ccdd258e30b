import json
from collections.abc import Callable
from importlib import resources
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError
from msgspec.structs import replace

from exporter.cli.output.explain import parse_explanation
from exporter.core.connections.pair import ConnectionReport, Pair, PairSums
from exporter.core.connections.reading import Counts, Living
from exporter.core.explain.explain import explain
from exporter.core.explain.query import NoContainerError
from exporter.core.history.change import KINDS, Change
from exporter.core.network.result import NetworkResult
from exporter.core.observation import Observation
from exporter.web.page import api
from tests.support.builders import inventory, run
from tests.support.findings import evaluation
from tests.support.page_hosts import named, shop

OPENAPI = json.loads(resources.files("exporter.web").joinpath("static/openapi.json").read_text())


def validate(name: str, told: Any) -> None:
    Draft202012Validator({**OPENAPI, "$ref": f"#/components/schemas/{name}"}).validate(told)


@pytest.mark.parametrize("seen", [shop(5), shop(None), named("\udc80<b>")], ids=["shop", "unknown", "hostile"])
@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("Topology", api.topology),
        ("Ports", api.ports),
        ("Findings", api.found),
        ("Connections", api.connections),
    ],
)
def test_a_document_is_what_its_description_says(
    name: str, make: Callable[[Observation], str], seen: Observation
) -> None:
    validate(name, json.loads(make(seen)))


@pytest.mark.parametrize("what", ["8080", "web", "nobody", "udp/53", "\udc80<b>"])
@pytest.mark.parametrize("seen", [shop(5), shop(None), named("\udc80<b>")], ids=["shop", "unknown", "hostile"])
def test_an_explanation_is_what_its_description_says(seen: Observation, what: str) -> None:
    told = json.loads(api.explained(explain(seen, what)))
    validate("Explanation", told)
    assert parse_explanation(told)[0] == explain(seen, what)


def test_findings_say_whether_another_look_may_tell_more() -> None:
    told = [
        replace(shop(5), network=NetworkResult(evaluation(pending={kind: hold})))
        for kind, hold in (("detached_veth", 2.0), ("orphan_veth", 180.0))
    ]
    assert [json.loads(api.found(seen))["pending"] for seen in told] == [True, False]


def test_a_look_is_what_its_description_says() -> None:
    validate("Tick", {"version": api.version(shop()), "at": 1.0, "counters": json.loads(api.counters(shop()))})


def test_a_document_with_a_field_that_is_not_described_is_refused() -> None:
    told = {**json.loads(api.topology(shop())), "more": 1}
    with pytest.raises(ValidationError, match="more"):
        validate("Topology", told)


def test_counters_are_received_and_sent_by_endpoint() -> None:
    assert json.loads(api.counters(shop(7))) == {"back/db": [7, 7], "back/web": [7, 7], "front/web": [7, 7]}


def test_the_version_stays_while_only_counters_change() -> None:
    assert api.version(shop(0)) == api.version(shop(10**12))


def test_the_version_is_another_when_a_name_is() -> None:
    assert api.version(named("one")) != api.version(named("two"))


def test_a_history_is_what_its_description_says() -> None:
    change = Change("finding_ended", "web", "critical", labels={"container": "web"}, seconds=1.5)
    validate("History", json.loads(api.changes([change, Change(KINDS[0], "\udc80<b>")], 1.0)))
    assert set(
        OPENAPI["components"]["schemas"]["History"]["properties"]["changes"]["items"]["properties"]["kind"]["enum"]
    ) == set(KINDS)


def test_connections_are_what_their_description_says() -> None:
    counts = Counts(established=2, refused=1, broken=1, setup_ns=5)
    pairs = {Pair("web", "", "outside", "443", "client"): PairSums(counts, Living(1, 0, 9, 1), 1.0, 2.0)}
    told = json.loads(api.connections(replace(shop(5), connections=ConnectionReport(pairs, lost=1))))
    validate("Connections", told)
    assert told["pairs"][0]["failed"] == {"refused": 1}


COUNTED = ConnectionReport(
    {
        Pair("web", "db", "container", "5432", "client"): PairSums(Counts(established=1)),
        Pair("gone", "web", "container", "80", "client"): PairSums(Counts(established=2)),
        Pair("gone", "db", "container", "5432", "client"): PairSums(Counts(established=3)),
    }
)


@pytest.mark.parametrize(
    ("container", "name", "pairs"),
    [
        ("", "", ["web", "gone", "gone"]),
        *[(text, "web", ["web", "gone"]) for text in ("web", "/web", "web-id", "we", "sidecar", "si")],
        *[("gone", "gone", ["gone", "gone"]), ("idle", "idle", [])],
    ],
)
def test_connections_of_one_container_are_those_that_are_counted_for_it(
    container: str, name: str, pairs: list[str]
) -> None:
    """By name or ID; one that shares a namespace is counted for its owner; a gone one has its name alone."""
    sidecar = replace(run("sidecar", network="container:web-id"), network_owner="web-id")
    topology = replace(shop().topology, inventory=inventory(run("web"), run("db"), run("idle"), sidecar))
    host = replace(shop(), topology=topology)
    told = json.loads(api.connections(replace(host, connections=COUNTED), container))
    validate("Connections", told)
    assert (told["container"], [pair["container"] for pair in told["pairs"]]) == (name, pairs)
    assert list(told["totals"]) == [one for one in ("gone", "web") if name in ("", one)]


@pytest.mark.parametrize("report", [COUNTED, None])
def test_connections_of_no_container_are_refused(report: ConnectionReport | None) -> None:
    with pytest.raises(NoContainerError, match="there is no container nosuch"):
        api.connections(replace(shop(5), connections=report), "nosuch")
