"""Which routes lead out of the host."""

import pytest

from exporter.core.model.routes import default_devices
from tests.support.scenes import route


@pytest.mark.parametrize(
    ("destination", "default"),
    [
        ("0.0.0.0/0", True),
        ("0.0.0.0/1", True),
        ("128.0.0.0/1", True),
        ("10.0.0.0/8", False),
        ("::/0", True),
        ("2000::/3", True),
        ("fc00::/7", False),
    ],
)
def test_a_default_route_is_one_in_parts_too(destination: str, default: bool) -> None:  # noqa: FBT001
    assert route(destination, 2).default is default


def test_the_longest_prefix_comes_first_and_the_lowest_metric_next() -> None:
    plain, stand_in, vpn = route("0.0.0.0/0", 2), route("0.0.0.0/0", 3, metric=100), route("128.0.0.0/1", 4, metric=50)
    assert default_devices([stand_in, plain], 4) == {2}
    assert default_devices([stand_in, plain, vpn], 4) == {4}
    assert default_devices([plain, route("0.0.0.0/0", 5)], 4) == {2, 5}


def test_each_ip_version_has_its_own_way_out() -> None:
    ways = [route("0.0.0.0/0", 2), route("::/0", 3), route("192.0.2.0/24", 9)]
    assert (default_devices(ways, 4), default_devices(ways, 6)) == (frozenset({2}), frozenset({3}))
    assert default_devices([], 4) == frozenset()
