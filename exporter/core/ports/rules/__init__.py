"""All rules about ports. To add one: its file, and a line in the list."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from exporter.core.ports.conflict import PortConflict
from exporter.core.ports.context import PortScene
from exporter.core.ports.rules import (
    address_unavailable,
    ephemeral_holder,
    ephemeral_overlap,
    family_split,
    host_bind_failed,
    latent,
    latent_pair,
    loopback_only,
    namespace_bind_failed,
    publish_ineffective,
    published_stolen,
    published_unheld,
    reuseport_shared,
    shadowed_by_dnat,
    start_failed,
    unserved,
    wrong_protocol,
)

# What a rule cannot do without, and the reason that is given while it is missing.
ENGINE, HOST_NETWORK, SOCKETS, SOCKET_OWNERS = "engine", "host_network", "sockets", "socket_owners"
NAMESPACE_SOCKETS, NAT, RESERVED_PORTS = "namespace_sockets", "nat", "reserved_ports"

LISTENERS = frozenset({HOST_NETWORK, SOCKETS})
BOTH_SIDES = LISTENERS | {ENGINE}

# What Docker says and what the kernel shows are read at two moments; a container that starts or ends between them
# looks like a fault for that long.
BETWEEN = 10.0


@dataclass(frozen=True, slots=True)
class PortRule:
    """A check, what it needs, and for how many seconds a finding must stand before it is one."""

    kind: str
    check: Callable[[PortScene], Iterator[PortConflict]]
    needs: frozenset[str]
    grace: float = 0.0


PORT_RULES = (
    PortRule(start_failed.KIND, start_failed.check, frozenset({ENGINE})),
    PortRule(host_bind_failed.KIND, host_bind_failed.check, BOTH_SIDES),
    PortRule(namespace_bind_failed.KIND, namespace_bind_failed.check, frozenset({ENGINE, NAMESPACE_SOCKETS})),
    PortRule(published_stolen.KIND, published_stolen.check, BOTH_SIDES | {SOCKET_OWNERS}, BETWEEN),
    PortRule(published_unheld.KIND, published_unheld.check, BOTH_SIDES, BETWEEN),
    PortRule(shadowed_by_dnat.KIND, shadowed_by_dnat.check, BOTH_SIDES | {NAT}, BETWEEN),
    PortRule(reuseport_shared.KIND, reuseport_shared.check, LISTENERS, BETWEEN),
    PortRule(family_split.KIND, family_split.check, LISTENERS, BETWEEN),
    PortRule(ephemeral_holder.KIND, ephemeral_holder.check, BOTH_SIDES),
    PortRule(address_unavailable.KIND, address_unavailable.check, frozenset({ENGINE})),
    PortRule(latent.KIND, latent.check, BOTH_SIDES, BETWEEN),
    PortRule(latent_pair.KIND, latent_pair.check, frozenset({ENGINE}), BETWEEN),
    PortRule(publish_ineffective.KIND, publish_ineffective.check, frozenset({ENGINE}), BETWEEN),
    PortRule(unserved.KIND, unserved.check, frozenset({ENGINE, NAMESPACE_SOCKETS}), BETWEEN),
    PortRule(loopback_only.KIND, loopback_only.check, frozenset({ENGINE, NAMESPACE_SOCKETS}), BETWEEN),
    PortRule(wrong_protocol.KIND, wrong_protocol.check, frozenset({ENGINE, NAMESPACE_SOCKETS}), BETWEEN),
    PortRule(ephemeral_overlap.KIND, ephemeral_overlap.check, frozenset({ENGINE, SOCKETS, RESERVED_PORTS})),
)
PORT_KINDS = tuple(rule.kind for rule in PORT_RULES)


def suspended(scene: PortScene) -> tuple[str, ...]:
    """Return for which reasons some rules are not evaluated."""
    readings = scene.readings
    reasons = {
        ENGINE: not scene.inventory.connected,
        HOST_NETWORK: not scene.here,
        SOCKETS: readings.sockets is None,
        SOCKET_OWNERS: readings.sockets is not None and not readings.sockets.complete,
        NAMESPACE_SOCKETS: readings.namespaces is None,
        NAT: readings.redirects is None,
        RESERVED_PORTS: readings.reserved is None,
    }
    return tuple(reason for reason, holds in reasons.items() if holds)
