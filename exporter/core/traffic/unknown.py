"""Networks whose sum is unknown: it would lack the counters of an endpoint that were not read."""

from collections.abc import Container as Known

from exporter.core.topology.topology import READ_INSIDE, EndpointKey, Topology


def unknown_networks(topology: Topology, endpoints: Known[EndpointKey]) -> frozenset[str]:
    """Return the ids of the networks with a live endpoint that is read in its container and is not in `endpoints`.

    All ports of a bridge are counted for its network, with or without an owner: its sum is unknown only where
    the host's devices are those of another network namespace.
    """
    inside = {a.network.id for a in topology.attachments if a.network.driver in READ_INSIDE and a.key not in endpoints}
    if topology.host_netns_visible:
        return frozenset(inside)
    return frozenset(inside | {network.id for network in topology.networks if network.bridge})
