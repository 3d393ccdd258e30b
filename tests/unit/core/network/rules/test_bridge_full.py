"""A bridge without room."""

from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.network.rules.bridge_full import check
from tests.support.builders import veth
from tests.support.findings import network_finding
from tests.support.scenes import BR_FRONT, FRONT, host, scene


@pytest.mark.parametrize(("ports", "full"), [(920, False), (921, True), (1023, True)])
def test_a_bridge_is_full_above_nine_tenths_of_the_kernels_limit(ports: int, full: bool, sentence: Any) -> None:  # noqa: FBT001
    links = [veth(f"veth{n}", n, master=3, nsid=n) for n in range(10, 10 + ports)]
    expected = network_finding("bridge_full", "warning", "front", "br-front", sentence)
    assert list(check(scene(FRONT, on=host(BR_FRONT, *links)))) == [expected] * full


def test_the_ports_of_others_count_too() -> None:
    taps = [replace(veth(f"tap{n}", n, master=3), kind="tun") for n in range(10, 1000)]
    assert len(list(check(scene(FRONT, on=host(BR_FRONT, *taps))))) == 1
