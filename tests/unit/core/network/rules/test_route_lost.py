"""The kernel's route lookups, compared with where the containers are."""

import errno
from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.model.docker import BridgeOptions
from exporter.core.model.fib import NO_LOOKUPS, FibReading, RouteResult
from exporter.core.network.context import NetworkContext
from exporter.core.network.rules.route_lost import check
from tests.support.builders import network
from tests.support.findings import network_finding
from tests.support.scenes import DB, FRONT, LINKS, ROUTES, WEB, host, scene

ADDRESSES = {"eth0": ("192.0.2.10",), "br-front": ("172.18.0.1",)}
ON = replace(host(*LINKS, uplinks=("eth0",), addresses=ADDRESSES), routes=ROUTES)
TO_UPLINK = RouteResult("unicast", 2)


def seen(*things: Any, inbound: dict[str, RouteResult] | None = None, **more: Any) -> NetworkContext:
    """A host with these results by container, and ordinary ones besides; `outbound`, `local` alike."""
    context = scene(*(things or (FRONT, WEB, DB)), on=ON)
    results = dict(context.fib.results)
    planted = {"inbound": inbound or {}, **{key: more.pop(key, {}) for key in ("outbound", "local")}}
    for lookup in context.container_routes:
        for direction, by_container in planted.items():
            if lookup.container.name in by_container:
                results[getattr(lookup, direction)] = by_container[lookup.container.name]
    return replace(context, fib=FibReading(results, **more))


def subjects(context: NetworkContext) -> list[tuple[str, str]]:
    return [(finding.severity, finding.labels["subject"]) for finding in check(context)]


def test_an_ordinary_host_has_lookups_in_both_directions_and_no_finding() -> None:
    context = seen()
    assert {
        (r.container.name, r.inbound.ifindex, r.outbound and r.outbound.ifindex) for r in context.container_routes
    } == {
        ("web", 2, 3),
        ("db", 2, 3),
    }
    assert list(check(context)) == []


def test_a_route_to_another_device_is_one_finding_for_the_network(sentence: Any) -> None:
    elsewhere = seen(inbound=dict.fromkeys(("web", "db"), TO_UPLINK))
    assert list(check(elsewhere)) == [network_finding("route_lost", "critical", "front", "br-front", sentence)]


@pytest.mark.parametrize("error", [errno.EACCES, errno.EINVAL, errno.EXDEV, errno.ENETUNREACH, errno.EHOSTUNREACH])
def test_a_refused_address_of_one_container_is_its_own_finding(error: int) -> None:
    assert subjects(seen(inbound={"web": RouteResult(error=error)})) == [("critical", "web")]


def test_an_address_that_the_host_itself_has_does_not_reach_the_container() -> None:
    assert subjects(seen(inbound={"web": RouteResult("local", 1)})) == [("critical", "web")]


def test_answers_that_are_refused_are_found_where_the_way_in_is_right() -> None:
    assert subjects(seen(outbound={"web": RouteResult(error=errno.EINVAL)})) == [("critical", "web")]


@pytest.mark.parametrize("direction", ["inbound", "outbound"])
def test_forwarding_that_is_off_is_another_kind(direction: str) -> None:
    ifindex = {"inbound": 2, "outbound": 3}[direction]
    off = dict.fromkeys(("web", "db"), RouteResult(error=errno.EHOSTUNREACH))
    assert subjects(seen(**{direction: off}, forwarding={ifindex: False})) == []
    assert subjects(seen(**{direction: off}, forwarding={ifindex: True})) == [("critical", "br-front")]


def test_an_internal_network_needs_no_way_out() -> None:
    back = network("front", subnet="172.18.0.0/16", gateway="172.18.0.1", internal=True)
    assert {lookup.outbound for lookup in seen(back, WEB).container_routes} == {None}


def test_what_has_no_result_yet_is_not_a_condition() -> None:
    assert subjects(replace(seen(), fib=NO_LOOKUPS)) == []
    assert subjects(replace(seen(), fib=FibReading())) == []


@pytest.mark.parametrize("options", [BridgeOptions(gateway_mode4="isolated"), BridgeOptions(inhibit_ipv4=True)])
def test_a_network_to_which_the_host_has_no_route_on_purpose_shows_nothing(options: BridgeOptions) -> None:
    lost = dict.fromkeys(("web", "db"), RouteResult(error=errno.ENETUNREACH))
    assert subjects(seen(replace(FRONT, options=options), WEB, DB, inbound=lost)) == []
    assert subjects(seen(FRONT, WEB, DB, inbound=lost)) != []


def test_a_bridge_that_lacks_its_address_is_another_kind() -> None:
    lost = dict.fromkeys(("web", "db"), RouteResult(error=errno.ENETUNREACH))
    context = seen(inbound=lost)
    assert subjects(context) == [("critical", "br-front")]
    topology = context.topology
    devices = replace(topology.devices, addresses={"eth0": ("192.0.2.10",)})
    assert subjects(replace(context, topology=replace(topology, devices=devices))) == []
