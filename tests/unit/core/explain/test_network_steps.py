"""Bridge, veth and routes between the host and the container."""

from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.explain.explain import explain
from exporter.core.explain.path import LINK, ROUTE, UNDETERMINED
from exporter.core.model.docker import BridgeOptions, Link
from exporter.core.model.fib import NO_LOOKUPS, FibReading, RouteResult
from exporter.core.network.result import NetworkResult
from exporter.core.observation import Observation
from exporter.core.topology.topology import join
from tests.support.builders import network
from tests.support.explained_hosts import failed_codes, observation_of
from tests.support.nat_hosts import OLD, Host


def changed(host: Host, **more: Any) -> Observation:
    """The host with another network context."""
    found = observation_of(host)
    context = found.network.context
    assert context is not None
    return replace(found, network=replace(found.network, context=replace(context, **more)))


def test_a_bridge_that_is_down_and_a_veth_without_carrier_are_steps() -> None:
    topology = OLD.topology()

    def with_link(name: str, **more: Any) -> Observation:
        links = {i: replace(link, **more) if link.name == name else link for i, link in topology.devices.links.items()}
        return changed(OLD, topology=join(OLD.inventory, replace(topology.devices, links=links)))

    assert failed_codes(with_link("br-front", up=False)) == [(LINK, "bridge_down")]
    assert failed_codes(with_link("docker0", up=False)) == []
    assert failed_codes(with_link("veth-web", carrier=False)) == [(LINK, "veth_detached")]


def test_routes_that_lead_elsewhere_are_a_step_and_unknown_ones_are_unknown() -> None:
    context = observation_of(OLD).network.context
    assert context is not None
    away = {query: RouteResult("unicast", 2) for query in context.fib.results}
    assert failed_codes(changed(OLD, fib=FibReading(away))) == [(ROUTE, "route_lost")]
    assert explain(changed(OLD, fib=NO_LOOKUPS), "8080").verdict == UNDETERMINED
    assert explain(replace(observation_of(OLD), network=NetworkResult()), "8080").verdict == UNDETERMINED


@pytest.mark.parametrize("options", [BridgeOptions(), BridgeOptions(inhibit_ipv4=True)], ids=["ordinary", "inhibited"])
def test_a_published_port_needs_a_route_also_to_a_network_without_a_gateway(options: BridgeOptions) -> None:
    host = OLD.with_inventory(replace(network("front", bridge="br-front", subnet="172.18.0.0/16"), options=options))
    context = observation_of(host).network.context
    assert context is not None
    away = {query: RouteResult("unicast", 2) for query in context.fib.results}
    assert (ROUTE, "route_lost") in failed_codes(changed(host, fib=FibReading(away)))
    assert (ROUTE, "route_lost") not in failed_codes(observation_of(host))


def test_of_a_network_without_a_gateway_no_route_is_stated_where_nothing_is_published() -> None:
    """The host has no address there on purpose: it said that it routes to the container."""
    isolated = replace(network("back", bridge="br-back", subnet="172.19.0.0/16"), internal=True,
                       options=BridgeOptions(gateway_mode4="isolated"))  # fmt: skip
    for found, names in ((OLD, {LINK, ROUTE}), (OLD.with_inventory(isolated), {LINK})):
        [path] = explain(observation_of(found), "db").paths
        assert {step.name for step in path.steps} & {LINK, ROUTE} == names


def test_a_veth_on_a_bridge_that_is_not_the_engines_is_unknown_and_said_to_be_elsewhere() -> None:
    topology = OLD.topology()
    own = Link(90, "br0", "bridge", carrier=True)
    links = {
        i: replace(link, master_ifindex=90) if link.name == "veth-web" else link
        for i, link in topology.devices.links.items()
    }
    found = changed(OLD, topology=join(OLD.inventory, replace(topology.devices, links={**links, 90: own})))
    [step] = [one for path in explain(found, "8080").paths for one in path.steps if one.name == LINK]
    assert (step.state, step.code, step.remedy) == (
        "unknown",
        "route_unknown",
        "See `bridge link`: which bridge is its veth a port of?",
    )
