"""Binds that are refused, and what of it was heard in the test's own network namespace."""

import contextlib
import errno
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from exporter.core.ports.bind_failures import RefusedBind
from exporter.kernel.bind_failures.watcher import BindFailures
from tests.support.kernel.own_namespace import inode, ip

TCP, UDP = socket.SOCK_STREAM, socket.SOCK_DGRAM
IPPROTO_MPTCP = 262


def loopback() -> None:
    """Give the namespace 127.0.0.1 and ::1."""
    Path("/proc/sys/net/ipv6/conf/lo/disable_ipv6").write_text("0")
    ip("link set lo up")


def family_of(address: str) -> int:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def bound(address: str, port: int, kind: int = TCP) -> socket.socket:
    """A socket that has the port, of both families when its address is ::; a TCP one listens."""
    made = socket.socket(family_of(address), kind)
    if made.family == socket.AF_INET6:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    made.bind((address, port))
    if kind == TCP:
        made.listen()
    return made


def refuse(address: str, port: int, kind: int = TCP, protocol: int = 0) -> None:
    """Be refused it."""
    with socket.socket(family_of(address), kind, protocol) as made, pytest.raises(OSError, match="in use") as caught:
        made.bind((address, port))
    assert caught.value.errno == errno.EADDRINUSE


def heard(failures: BindFailures) -> list[RefusedBind]:
    """What was refused in this namespace: others on this machine are refused things too."""
    own = inode("thread-self")
    return [refused for refused in failures.drain() if refused.netns == own]


def told(failures: BindFailures) -> list[tuple[str, str, int]]:
    """Protocol, address and port of it."""
    return [(refused.protocol, refused.address, refused.port) for refused in heard(failures)]


@contextlib.contextmanager
def held(address: str, port: int, kind: int = TCP) -> Iterator[None]:
    """Somebody has the port for the length of a block."""
    with bound(address, port, kind):
        yield
