"""Addresses: how many are left, of networks and of the pools behind them, and who came back with another one."""

from collections.abc import Iterable, Iterator, Mapping

from exporter.core.address_pools import PoolUse
from exporter.core.addresses import SubnetUse
from exporter.metrics.build import Metric, counter, gauge


def families(
    uses: Iterable[SubnetUse], pools: PoolUse | None, changes: Mapping[tuple[str, str], int], started: float
) -> Iterator[Metric]:
    """All families of this file; `changes` are counted since `started` (Unix time)."""
    yield subnets(uses)
    yield address_pools(pools)
    yield changed(changes, started)


def subnets(uses: Iterable[SubnetUse]) -> Metric:
    """dockernet_network_addresses."""
    family = gauge(
        "dockernet_network_addresses",
        "Addresses of a local network's subnet: used by endpoints, the gateway and the subnet itself, or available in "
        "the range that Docker hands out.",
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
        "IPv4 subnets of the engine's default address pools: used by a network or by the host itself, or available.",
        ("state",),
    )
    if use is not None:
        family.add_metric(("used",), use.used)
        family.add_metric(("available",), use.available)
    return family


def changed(changes: Mapping[tuple[str, str], int], started: float) -> Metric:
    """dockernet_endpoint_address_changes_total."""
    family = counter(
        "dockernet_endpoint_address_changes_total",
        "Times a container came back to a network with another IP address, after a restart or a reconnect.",
        ("container", "network"),
    )
    for name, count in changes.items():
        family.add_metric(name, count, created=started)
    return family
