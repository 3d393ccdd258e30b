"""A host with a bridge, and a container on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.kernel.fake_container import FakeContainer, fake_container
from tests.support.kernel.own_namespace import carries, entered, ip


@pytest.fixture
def web(sandbox: int) -> Iterator[FakeContainer]:
    """172.20.0.2 and fd00:20::2 on br0 of the test's namespace, which has 172.20.0.1 and fd00:20::1."""
    ip("link set lo up")
    ip("link add br0 type bridge")
    ip("link add veth0 type veth peer name inner0")
    ip(f"link set inner0 netns {sandbox} name eth0")
    ip("link set veth0 master br0 up")
    ip("link set br0 up")
    _with_ip6()
    with entered(sandbox):
        _with_ip6()
    for device, number, inside in (("br0", 1, 0), ("eth0", 2, sandbox)):
        ip(f"link set {device} up", inside)
        ip(f"address add 172.20.0.{number}/16 dev {device}", inside)
        ip(f"address add fd00:20::{number}/64 dev {device} nodad", inside)
    ip("link set lo up", sandbox)
    ip("route add default via 172.20.0.1", sandbox)
    carries("br0")
    carries("eth0", sandbox)
    with fake_container(sandbox) as made:
        made.write("etc/hosts", "127.0.0.1 localhost\n")
        made.write("etc/resolv.conf", "nameserver 127.0.0.11\n")
        yield made


def _with_ip6() -> None:
    for which in ("all", "default"):
        Path(f"/proc/sys/net/ipv6/conf/{which}/disable_ipv6").write_text("0")
