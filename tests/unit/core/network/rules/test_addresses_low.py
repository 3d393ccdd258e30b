"""The last addresses."""

from typing import Any

import pytest

from exporter.core.network.rules.addresses_low import check
from exporter.core.topology.address_use import SubnetUse
from tests.support.builders import network, run
from tests.support.findings import network_finding
from tests.support.scenes import BR_FRONT, host, scene


def use(available: int, capacity: int, subnet: str = "10.0.0.0/24", version: int = 4) -> SubnetUse:
    return SubnetUse("front", subnet, version, 0, available, capacity)


@pytest.mark.parametrize(
    ("available", "capacity", "low"),
    [(0, 5, True), (1, 5, False), (1, 13, True), (2, 13, False), (7, 253, True), (8, 253, False), (0, 0, False)],
)
def test_few_means_under_eight_and_under_a_tenth(available: int, capacity: int, low: bool) -> None:  # noqa: FBT001
    assert [f.labels["subject"] for f in check(scene(addresses=(use(available, capacity),)))] == ["10.0.0.0/24"] * low


def test_a_small_network_that_is_full_is_found(sentence: Any) -> None:
    containers = [run(f"c{n}", network="front", ip=f"10.0.0.{n}") for n in range(2, 7)]
    full = scene(network("front", subnet="10.0.0.0/29", gateway="10.0.0.1"), *containers, on=host(BR_FRONT))
    assert list(check(full)) == [
        network_finding(
            "addresses_low",
            "warning",
            "front",
            "10.0.0.0/29",
            sentence,
        )
    ]


def test_subnets_of_one_version_stand_in_for_each_other_and_not_for_the_other_version() -> None:
    full, roomy = use(0, 5), use(200, 253, "10.0.1.0/24")
    assert list(check(scene(addresses=(full, roomy)))) == []
    assert len(list(check(scene(addresses=(full, use(60000, 65533, "fd00::/112", 6)))))) == 1
