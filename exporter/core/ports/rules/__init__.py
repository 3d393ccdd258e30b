"""The port rules. To add one: its file, and a line in the list."""

from exporter.core.findings.rule import Input, Rule
from exporter.core.ports.context import PortContext
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

ENGINE = frozenset({Input.ENGINE})
LISTENERS = frozenset({Input.HOST_NETWORK, Input.SOCKETS})
BOTH_SIDES = ENGINE | LISTENERS
NAMESPACES = ENGINE | {Input.NAMESPACE_SOCKETS}

# Docker's state and the kernel's are read at two moments: a container that starts or ends between them looks like a
# fault for that long.
HOLD_SECONDS = 10.0

PORT_RULES: tuple[Rule[PortContext], ...] = (
    Rule(start_failed.KIND, start_failed.check, ENGINE),
    Rule(host_bind_failed.KIND, host_bind_failed.check, BOTH_SIDES),
    Rule(namespace_bind_failed.KIND, namespace_bind_failed.check, NAMESPACES),
    Rule(published_stolen.KIND, published_stolen.check, BOTH_SIDES | {Input.SOCKET_OWNERS}, HOLD_SECONDS),
    Rule(published_unheld.KIND, published_unheld.check, BOTH_SIDES, HOLD_SECONDS),
    Rule(shadowed_by_dnat.KIND, shadowed_by_dnat.check, BOTH_SIDES | {Input.NAT}, HOLD_SECONDS),
    Rule(reuseport_shared.KIND, reuseport_shared.check, LISTENERS, HOLD_SECONDS),
    Rule(family_split.KIND, family_split.check, LISTENERS, HOLD_SECONDS),
    Rule(ephemeral_holder.KIND, ephemeral_holder.check, BOTH_SIDES),
    Rule(address_unavailable.KIND, address_unavailable.check, ENGINE),
    Rule(latent.KIND, latent.check, BOTH_SIDES, HOLD_SECONDS),
    Rule(latent_pair.KIND, latent_pair.check, ENGINE, HOLD_SECONDS),
    Rule(publish_ineffective.KIND, publish_ineffective.check, ENGINE, HOLD_SECONDS),
    Rule(unserved.KIND, unserved.check, NAMESPACES, HOLD_SECONDS),
    Rule(loopback_only.KIND, loopback_only.check, NAMESPACES, HOLD_SECONDS),
    Rule(wrong_protocol.KIND, wrong_protocol.check, NAMESPACES, HOLD_SECONDS),
    Rule(ephemeral_overlap.KIND, ephemeral_overlap.check, ENGINE | {Input.SOCKETS, Input.RESERVED_PORTS}),
)
PORT_KINDS = tuple(rule.kind for rule in PORT_RULES)
