"""Addresses and subnets that are left are exactly those that the engine still hands out."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from docker.errors import APIError
from docker.types import IPAMConfig, IPAMPool

from exporter.core.topology.address_pools import PoolUse
from tests.support.live.shop import run
from tests.support.live.watched import Watched
from tests.support.private_host.host import PrivateHost
from tests.support.waiting import until


@pytest.fixture
def watched(clean_host: PrivateHost) -> Iterator[Watched]:
    with Watched(clean_host) as looking:
        yield looking


def left(watched: Watched, subnet: str) -> tuple[int, int] | None:
    """(used, available) of a subnet; None while it is not known."""
    found = {use.subnet: (use.used, use.available) for use in watched.look(0.0).addresses}
    return found.get(subnet)


def fill(host: PrivateHost, watched: Watched, network: str, subnet: str) -> int:
    """Run containers on a network as long as addresses are left; how many those were."""
    known = until(lambda: left(watched, subnet), 30, f"addresses of {subnet}")
    assert known is not None
    for number in range(known[1]):
        run(host, f"c{number}", network)
    until(lambda: (left(watched, subnet) or (0, -1))[1] == 0, 30, "no address left")
    with pytest.raises(APIError, match="available"):
        run(host, "one-too-many", network)
    return known[1]


def create(host: PrivateHost, *pools: IPAMPool, **options: Any) -> Any:
    return host.client().networks.create("front", ipam=IPAMConfig(pool_configs=list(pools)), **options)


def test_addresses_that_the_operator_keeps_for_others_are_not_left(watched: Watched, clean_host: PrivateHost) -> None:
    kept = {"printer": "10.52.0.2", "switch": "10.52.0.6"}
    create(clean_host, IPAMPool(subnet="10.52.0.0/29", aux_addresses=kept))
    assert fill(clean_host, watched, "front", "10.52.0.0/29") == 3
    assert left(watched, "10.52.0.0/29") == (8, 0)


def test_of_ipv6_all_addresses_but_the_first_and_the_gateways_are_left(
    watched: Watched, clean_host: PrivateHost
) -> None:
    pools = IPAMPool(subnet="10.53.0.0/24"), IPAMPool(subnet="fd00:53::/125", gateway="fd00:53::1")
    create(clean_host, *pools, enable_ipv6=True)
    assert fill(clean_host, watched, "front", "fd00:53::/125") == 6


def test_subnets_of_the_configured_pools_are_left(new_host: Callable[..., PrivateHost]) -> None:
    host = new_host(flags=("--default-address-pool", "base=10.201.0.0/24,size=26")).start().load_image()
    networks = host.client().networks
    with Watched(host) as watched:
        until(lambda: watched.look(0.0).pools == PoolUse(used=1, available=3), 30, "docker0 has one of four")
        for number in range(3):
            networks.create(f"n{number}")
        until(lambda: watched.look(0.0).pools == PoolUse(used=4, available=0), 30, "none left")
        with pytest.raises(APIError, match=r"non-overlapping|predefined"):
            networks.create("one-too-many")
