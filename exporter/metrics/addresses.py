"""Addresses of networks and address pools in use and available, and changes of endpoints' addresses."""

from collections.abc import Iterable, Iterator, Sequence

from exporter.core.model.kernel_sample import StatsRow
from exporter.core.observation import Observation
from exporter.core.topology.address_pools import PoolUse
from exporter.core.topology.address_use import SubnetUse
from exporter.metrics.build import Metric, gauge
from exporter.metrics.templated import TemplatedGroup
from exporter.metrics.templates.series import Series, TemplatedCounter


def inputs(observation: Observation) -> object:
    """Return what `families` depends on."""
    return observation.network.addresses, observation.network.pools


def families(observation: Observation) -> Iterator[Metric]:
    """All families of this file."""
    yield subnets(observation.network.addresses)
    yield address_pools(observation.network.pools)


def subnets(uses: Iterable[SubnetUse]) -> Metric:
    """dockernet_network_addresses."""
    family = gauge(
        "dockernet_network_addresses",
        "Addresses of a local network's subnet by state: used (endpoints, gateway, network and broadcast address) or "
        "available in the range that Docker allocates from.",
        ("network", "subnet", "state"),
    )
    for use in uses:
        family.add_metric((use.network, use.subnet, "used"), use.used)
        family.add_metric((use.network, use.subnet, "available"), use.available)
    return family


def address_pools(use: PoolUse | None) -> Metric:
    """dockernet_address_pool_subnets."""
    family = gauge(
        "dockernet_address_pool_subnets",
        "IPv4 subnets of the engine's default address pools by state: used (by a network or the host) or available.",
        ("state",),
    )
    if use is not None:
        family.add_metric(("used",), use.used)
        family.add_metric(("available",), use.available)
    return family


CHANGES = (
    TemplatedCounter(
        "dockernet_endpoint_address_changes_total",
        1,
        "Changes of a container's IP address on a network, by a restart or a reconnect.",
    ),
)


def series(observation: Observation) -> list[Series]:
    """One per endpoint, whether it has traffic counters or not."""
    return [
        Series((("container", a.container.name), ("network", a.network.name)), a.container.created)
        for a in observation.topology.attachments
    ]


def rows(observation: Observation) -> Sequence[StatsRow | None] | None:
    """Return the changes of each endpoint, in the order of the attachments."""
    changes = observation.network.address_changes
    return [(0, changes.get((a.container.name, a.network.name), 0)) for a in observation.topology.attachments]


GROUP = TemplatedGroup("inventory", CHANGES, series, rows)
