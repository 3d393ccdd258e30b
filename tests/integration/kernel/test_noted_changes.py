"""What changes in a network namespace is noted at once, without a reading."""

import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from exporter.kernel.nat.source import NatSource
from exporter.kernel.sampler import KernelSampler
from tests.support.kernel.own_namespace import ip

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("namespace")]

PROC = Path("/proc")
CHANGES = (
    ("a device", "ip link add br0 type bridge"),
    ("its MTU", "ip link set eth0 mtu 1400"),
    ("its end", "ip link del eth0"),
    ("an address without a route", "ip address add 192.0.2.11/32 dev down0"),
    ("one of IPv6", "ip address add 2001:db8::1/128 dev down0 nodad"),
    ("a route", "ip route add 198.51.100.0/24 dev eth0"),
    ("a policy rule", "ip rule add pref 100 to 198.51.100.0/24 blackhole"),
    ("a ruleset", "nft add table ip nat"),
)


@pytest.fixture
def noted() -> Iterator[threading.Event]:
    """An event that is set after a change; the sources run, and two devices are there."""
    ip("link add eth0 type ifb")
    ip("link set eth0 up")
    ip("link add down0 type ifb")
    Path("/proc/sys/net/ipv6/conf/down0/disable_ipv6").write_text("0")
    event = threading.Event()
    kernel, nat = KernelSampler(PROC, sweep=False, ports=False, on_change=event.set), NatSource(PROC, event.set)
    kernel.start()
    nat.start()
    yield event
    nat.stop()
    kernel.stop()


@pytest.mark.parametrize("command", [command for _, command in CHANGES], ids=[name for name, _ in CHANGES])
def test_a_change_is_noted(noted: threading.Event, command: str) -> None:
    noted.clear()
    subprocess.run(command.split(), check=True)
    assert noted.wait(60)
