"""Outages for the demo: each breaks one thing on the host, and heals it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from tests.support.private_host.host import PrivateHost


@dataclass(frozen=True, slots=True)
class Break:
    """`what` happens, the `kind` of the finding, and what `explain` is called with; `apply` heals when it is left."""

    what: str
    kind: str
    explain: tuple[str, ...]
    apply: Callable[[PrivateHost], AbstractContextManager[None]]


@contextmanager
def nat_flush(host: PrivateHost) -> Iterator[None]:
    """Flush the NAT table, as a firewall script does."""
    saved = host.run("iptables-save", "-t", "nat").stdout
    host.run("iptables", "-t", "nat", "-F")
    try:
        yield
    finally:
        host.run("iptables-restore", stdin=saved)


@contextmanager
def bridge_down(host: PrivateHost) -> Iterator[None]:
    """Set the bridge of a network down."""
    bridge = f"br-{host.client().networks.get('shop_front').id[:12]}"
    host.run("ip", "link", "set", bridge, "down")
    try:
        yield
    finally:
        host.run("ip", "link", "set", bridge, "up")


BREAKS = {
    "nat-flush": Break("a firewall script flushes the NAT table", "missing_dnat", ("8080",), nat_flush),
    "bridge-down": Break("the bridge of shop_front is set down", "bridge_down", ("8080",), bridge_down),
}
