"""Rules: a check over a context, the inputs without which it is not evaluated, and how long a condition must hold."""

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Generic, TypeVar

from msgspec import Struct

from exporter.core.findings.finding import Finding

C = TypeVar("C")


class Input(StrEnum):
    """What rules need; the value is the reason on /metrics while it is missing."""

    ENGINE = "engine"
    HOST_NETWORK = "host_network"  # the network namespace of the engine's bridges
    ROUTES = "routes"
    STATIC_ADDRESSES = "static_addresses"
    ROUTE_LOOKUPS = "route_lookups"
    OVERLAYS = "overlays"
    SOCKETS = "sockets"
    SOCKET_OWNERS = "socket_owners"
    NAMESPACE_SOCKETS = "namespace_sockets"
    NAT = "nat"
    RULE_SETTING = "rule_setting"  # whether the engine writes NAT rules
    DOCKER_RULES = "no_docker_rules"  # the engine writes NAT rules
    PODMAN_RULES = "podman_rules"  # the NAT rules are Docker's and not Podman's
    RESERVED_PORTS = "reserved_ports"
    NETWORK_PAIRS = "network_pairs"  # few enough networks to compare each with every other one


def _nothing(_: object) -> Iterable[Input]:
    return ()


class Rule(Struct, Generic[C], frozen=True):
    """`check` yields the conditions that hold now; each becomes a finding once it has held for `hold` seconds.

    `skipped` yields why a part of the context was not checked: what was is reported, and the kind is suspended.
    """

    kind: str
    check: Callable[[C], Iterable[Finding]]
    needs: frozenset[Input] = frozenset()
    hold: float = 0.0
    skipped: Callable[[C], Iterable[Input]] = _nothing
