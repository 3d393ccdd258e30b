"""The network rules. To add one: its file, and a line in the list."""

from exporter.core.connections.context import ConnectionContext
from exporter.core.findings.rule import Input, Rule
from exporter.core.network.context import ConntrackContext, NetworkContext
from exporter.core.network.rules import (
    addresses_low,
    bridge_down,
    bridge_full,
    connect_failing,
    conntrack_full,
    detached_veth,
    duplicate_address,
    ghost_endpoint,
    mtu_mismatch,
    namespace_orphaned,
    orphan_veth,
    overlay_peer_missing,
    port_unused,
    route_lost,
    start_blocked,
    static_address_in_range,
    subnet_overlap,
)

ENGINE = frozenset({Input.ENGINE})
DEVICES = ENGINE | {Input.HOST_NETWORK}
ROUTES = DEVICES | {Input.ROUTES}

NETWORK_RULES: tuple[Rule[NetworkContext], ...] = (
    Rule(mtu_mismatch.KIND, mtu_mismatch.check, ROUTES),
    Rule(subnet_overlap.KIND, subnet_overlap.check, ROUTES),
    Rule(addresses_low.KIND, addresses_low.check, ENGINE),
    Rule(duplicate_address.KIND, duplicate_address.check, ENGINE, hold=10.0),
    Rule(static_address_in_range.KIND, static_address_in_range.check, ENGINE | {Input.STATIC_ADDRESSES}),
    Rule(orphan_veth.KIND, orphan_veth.check, DEVICES, hold=180.0),
    Rule(bridge_down.KIND, bridge_down.check, DEVICES, hold=5.0),
    Rule(detached_veth.KIND, detached_veth.check, DEVICES, hold=2.0),
    Rule(ghost_endpoint.KIND, ghost_endpoint.check, ENGINE, hold=90.0),
    Rule(bridge_full.KIND, bridge_full.check, DEVICES),
    Rule(route_lost.KIND, route_lost.check, DEVICES | {Input.ROUTE_LOOKUPS}, hold=5.0),
    Rule(namespace_orphaned.KIND, namespace_orphaned.check, ENGINE, hold=10.0),
    Rule(start_blocked.KIND, start_blocked.check, ENGINE),
    Rule(overlay_peer_missing.KIND, overlay_peer_missing.check, ENGINE | {Input.OVERLAYS}, hold=90.0),
)
# The connection table is read at each observation; the network context is not made anew for it.
CONNTRACK_RULES: tuple[Rule[ConntrackContext], ...] = (Rule(conntrack_full.KIND, conntrack_full.check),)
# Evaluated only where connections are counted: their kinds are not suspended where a flag or the kernel forbids that.
CONNECTION_RULES: tuple[Rule[ConnectionContext], ...] = (
    Rule(connect_failing.KIND, connect_failing.check, ENGINE, hold=60.0),
    Rule(port_unused.KIND, port_unused.check, ENGINE),
)
NETWORK_KINDS = (
    *(rule.kind for rule in NETWORK_RULES),
    *(rule.kind for rule in CONNTRACK_RULES),
    *(rule.kind for rule in CONNECTION_RULES),
)
