"""Whole hosts, recorded with a network of every option: nothing is wrong, and every rule has its owner."""

import pytest
from msgspec.structs import replace

from exporter.core.findings.evaluator import Evaluation
from exporter.core.model.kernel_sample import Devices
from exporter.core.nat.rules import HOLD_SECONDS, NAT_KINDS
from exporter.core.nat.tracker import NatTracker
from exporter.core.nat.view import NatSample, NatView
from exporter.core.topology.topology import join
from tests.support.kernel.captured_rules import CAPTURES, DOCKER_HOSTS, LEGACY, captured
from tests.support.recorded import RecordedHost

every_host = pytest.mark.parametrize("name", DOCKER_HOSTS)
PORTS = {
    ("web", "tcp", "8080"): 3,
    ("web", "tcp", "8082"): 0,
    ("web", "tcp", "8443"): 0,
    ("web", "udp", "8053"): 0,
    ("default", "tcp", "8100"): 1,
    ("on-quiet", "tcp", "8102"): 0,
    ("on-plain", "tcp", "8103"): 0,
    ("on-routed", "tcp", "8104"): 0,
    ("on-open", "tcp", "8105"): 0,
    ("on-snat", "tcp", "8106"): 0,
    ("on-dual", "tcp", "8107"): 0,
    ("two", "tcp", "8120"): 0,
}
ROUTED = ("on-routed", "tcp", "8104")


def seen(name: str) -> NatView:
    """What is told of a recorded host once everything has stood for long."""
    topology = replace(join(RecordedHost(CAPTURES / name).inventory(), Devices()), host_netns_visible=True)
    tracker, sample = NatTracker(), NatSample(captured(name).reading())
    tracker.update_inventory(topology.inventory)
    tracker.observe(topology, sample, None, 1.0, 0.0)
    return tracker.observe(topology, sample, None, 2.0, HOLD_SECONDS)


def knows_modes(name: str) -> bool:
    return name.startswith("docker-28")


@every_host
def test_a_host_with_a_network_of_every_option_shows_nothing(name: str) -> None:
    assert seen(name).evaluation == Evaluation(evaluated=NAT_KINDS)


@every_host
def test_each_published_port_has_its_connections(name: str) -> None:
    """Where the engine leads a port in: to a network that is routed to it leads none."""
    counts = seen(name).connections.counts
    assert counts == {key: value for key, value in PORTS.items() if key != ROUTED or not knows_modes(name)}


@every_host
def test_each_network_that_is_translated_has_its_connections(name: str) -> None:
    networks = {name for (name,) in seen(name).masquerades.counts}
    translated = {"bridge", "front", "another", "quiet", "open", "snat", "dual"}
    assert networks == (translated if knows_modes(name) else translated | {"routed"})


@every_host
def test_each_drop_that_is_counted_has_its_network(name: str) -> None:
    drops = seen(name).drops.counts
    networks = {"bridge", "front", "another", "quiet", "open", "snat", "dual", "plain", "routed"}
    isolation = {(network, "isolation") for network in (*networks, "closed")}
    unpublished = {(network, "unpublished_port") for network in networks - {"open"}}
    direct = {(network, "direct_access") for network in networks - {"open", "routed"}}
    assert drops.keys() == (isolation | unpublished | direct if knows_modes(name) else isolation)


@every_host
def test_the_backend_and_the_proxy_are_read_from_the_rules(name: str) -> None:
    view = seen(name)
    assert view.backend == ("iptables-legacy" if name in LEGACY else "iptables-nft")
    assert view.userland_proxy == ("false" if name.endswith("without-proxy") else "true")
