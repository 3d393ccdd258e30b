"""The host of `nat_hosts` as `explain` sees it, and short forms of its answers."""

from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.explain.explain import explain
from exporter.core.explain.path import FAILED, OK
from exporter.core.model.sockets import HostSockets, Listener
from exporter.core.nat.view import NatView
from exporter.core.network.context import network_context
from exporter.core.network.result import NetworkResult
from exporter.core.observation import Observation
from exporter.core.topology.overlay import NO_OVERLAYS
from exporter.core.topology.route_queries import container_routes
from tests.support.builders import observed
from tests.support.nat_hosts import NEW, OLD, OWN_TABLES, Host
from tests.support.port_hosts import proxy, socket
from tests.support.scenes import fib

HELD = (*proxy("web", 8080, 8082, 8443), *proxy("dns", 53, protocol="udp"), *proxy("bare", 8083))
SERVED = ("0.0.0.0:80", "[::]:80", "0.0.0.0:81", "0.0.0.0:443")
EVERY_KIND = pytest.mark.parametrize("host", [OLD, NEW, OWN_TABLES], ids=str)


def observation_of(host: Host, *listeners: Listener, inside: tuple[str, ...] = SERVED, **more: Any) -> Observation:
    """The host with docker-proxies, unless others listen, and what listens inside web."""
    nat = NatView(reading=host.reading(), expected=host.expected(), redirects=())
    topology = host.topology()
    lookups = container_routes(topology)
    context = network_context(topology, NO_OVERLAYS, lookups, fib(lookups))
    known: dict[str, Any] = {
        "nat": nat,
        "network": NetworkResult(context=context),
        "sockets": HostSockets(listeners or HELD),
        "inside": {"web-id": tuple(map(socket, inside))},
    }
    return replace(observed(topology), **{**known, **more})


def steps_of(host: Host, asked: str = "8080", *listeners: Listener, **more: Any) -> dict[str, tuple[str, str]]:
    """The first way's steps by their names: the state, and the sentence."""
    path = explain(observation_of(host, *listeners, **more), asked).paths[0]
    return {step.name: (step.state, step.detail) for step in path.steps}


def failures_of(host: Host, asked: str = "8080", *listeners: Listener, **more: Any) -> list[tuple[str, str]]:
    """Where the first way is broken."""
    steps = steps_of(host, asked, *listeners, **more)
    return [(name, detail) for name, (state, detail) in steps.items() if state == FAILED]


def failed_codes(observation: Observation, query: str = "8080") -> list[tuple[str, str]]:
    return [(s.name, s.code) for s in explain(observation, query).paths[0].steps if s.state != OK]
