"""All rules. To add one: its file, and a line in the list."""

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass

from exporter.core.findings.finding import Finding
from exporter.core.network.context import Scene
from exporter.core.network.rules import (
    addresses_low,
    bridge_full,
    conntrack_full,
    detached_veth,
    duplicate_address,
    ghost_endpoint,
    mtu_mismatch,
    orphan_veth,
    overlay_peer_missing,
    static_address_in_range,
    subnet_overlap,
)

# What a rule cannot do without, and the reason that is given while it is missing.
ENGINE, HOST_NETWORK, ROUTES = "engine", "host_network", "routes"
STATIC_ADDRESSES, OVERLAYS = "static_addresses", "overlays"


@dataclass(frozen=True, slots=True)
class Rule:
    """A check and what it needs; the kind is the finding's name in the contract.

    A `timed` one depends on more than the topology: on how long something has stood, or on another reading.
    """

    kind: str
    check: Callable[[Scene], Iterator[Finding]]
    needs: frozenset[str] = frozenset()
    timed: bool = False


NETWORK_RULES = (
    Rule(mtu_mismatch.KIND, mtu_mismatch.check, frozenset({ENGINE, HOST_NETWORK, ROUTES})),
    Rule(subnet_overlap.KIND, subnet_overlap.check, frozenset({ENGINE, HOST_NETWORK, ROUTES})),
    Rule(addresses_low.KIND, addresses_low.check, frozenset({ENGINE})),
    Rule(duplicate_address.KIND, duplicate_address.check, frozenset({ENGINE}), timed=True),
    Rule(static_address_in_range.KIND, static_address_in_range.check, frozenset({ENGINE, STATIC_ADDRESSES})),
    Rule(orphan_veth.KIND, orphan_veth.check, frozenset({ENGINE, HOST_NETWORK}), timed=True),
    Rule(detached_veth.KIND, detached_veth.check, frozenset({ENGINE, HOST_NETWORK}), timed=True),
    Rule(ghost_endpoint.KIND, ghost_endpoint.check, frozenset({ENGINE}), timed=True),
    Rule(bridge_full.KIND, bridge_full.check, frozenset({ENGINE, HOST_NETWORK})),
    Rule(overlay_peer_missing.KIND, overlay_peer_missing.check, frozenset({ENGINE, OVERLAYS}), timed=True),
    Rule(conntrack_full.KIND, conntrack_full.check, timed=True),
)
NETWORK_KINDS = tuple(rule.kind for rule in NETWORK_RULES)


def evaluate(scene: Scene, rules: Iterable[Rule] = NETWORK_RULES) -> tuple[Finding, ...]:
    """Return what is wrong, of all that can be judged."""
    missing = suspended(scene)
    return tuple(finding for rule in rules if rule.needs.isdisjoint(missing) for finding in rule.check(scene))


def judged(scene: Scene) -> tuple[str, ...]:
    """Return the kinds that can be judged: of the others not even their absence is known."""
    missing = suspended(scene)
    return tuple(rule.kind for rule in NETWORK_RULES if rule.needs.isdisjoint(missing))


def suspended(scene: Scene) -> tuple[str, ...]:
    """Return for which reasons some rules are not evaluated."""
    inventory = scene.topology.inventory
    overlays = any(network.driver == "overlay" for network in inventory.networks.values())
    reasons = {
        ENGINE: not inventory.connected,
        HOST_NETWORK: not scene.topology.host_netns_visible,
        ROUTES: scene.routes is None,
        STATIC_ADDRESSES: scene.static_addresses is None,
        OVERLAYS: overlays and scene.overlays is None,
    }
    return tuple(reason for reason, holds in reasons.items() if holds)


def suspicions(scene: Scene) -> Iterator[tuple[Hashable, ...]]:
    """What is a fault only when it stays: the conditions whose age `scene.seen_since` should tell."""
    for shared in duplicate_address.suspects(scene):
        yield duplicate_address.KIND, shared
    for port in orphan_veth.suspects(scene):
        yield orphan_veth.KIND, port.link.ifindex
    for detached in detached_veth.suspects(scene):
        yield detached_veth.KIND, detached.link.ifindex
    for network, member in ghost_endpoint.suspects(scene):
        yield ghost_endpoint.KIND, network.id, member.endpoint_id
    for missing in overlay_peer_missing.suspects(scene):
        yield overlay_peer_missing.KIND, missing.network.id, missing.endpoint.endpoint_id
