"""The rule for two binds of one port, compared with binds of this kernel."""

import errno
import itertools
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from exporter.core.model.sockets import ListeningSocket
from exporter.core.ports.overlap import overlaps
from tests.support.kernel.own_namespace import ip, own_namespace

PORT = 20000


NOBODY = 65534


FORMS = (
    ("0.0.0.0", False),
    ("127.0.0.1", False),
    ("10.77.0.1", False),
    ("::", False),
    ("::", True),
    ("::1", False),
    ("fd77::1", False),
    ("::ffff:127.0.0.1", False),
    ("::ffff:0.0.0.0", False),
)


SHARING = ("", "address", "port", "address port")  # SO_REUSEADDR, SO_REUSEPORT


@pytest.fixture(scope="module")
def two_addresses() -> Iterator[None]:
    """The module's thread is in a network namespace with one address of each family beside loopback."""
    if os.geteuid():
        pytest.skip("a network namespace needs root")
    with own_namespace():
        Path("/proc/sys/net/ipv6/conf/all/disable_ipv6").write_text("0")
        for command in (
            "link set lo up",
            "link add other type ifb",
            "link set other up",
            "address add 10.77.0.1/32 dev lo",
            "address add fd77::1/128 dev lo nodad",
        ):
            ip(command)
        yield


class Wish(NamedTuple):
    """What is asked of bind()."""

    protocol: str
    form: tuple[str, bool]
    sharing: str = ""
    uid: int = 0
    device: str = ""

    def claim(self) -> ListeningSocket:
        """The same as the exporter knows it: nobody can read from outside who wants to share."""
        address, v6only = self.form
        ifindex = socket.if_nametoindex(self.device) if self.device else 0
        return ListeningSocket(self.protocol, address, PORT, v6only=v6only, ifindex=ifindex)

    def shares_with(self, other: "Wish") -> bool:
        """The kernel lets two that overlap exist together."""
        of_one_user = "port" in self.sharing and "port" in other.sharing and self.uid == other.uid
        return of_one_user or (self.protocol == "udp" and "address" in self.sharing and "address" in other.sharing)


@contextmanager
def as_user(uid: int) -> Iterator[None]:
    """A socket belongs to the effective user who makes it."""
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)


def bound(wish: Wish) -> socket.socket:
    """Bind, and listen; OSError when the kernel refuses."""
    address, v6only = wish.form
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with ExitStack() as cleanup, as_user(wish.uid):
        kind = socket.SOCK_STREAM if wish.protocol == "tcp" else socket.SOCK_DGRAM
        sock = cleanup.enter_context(socket.socket(family, kind))
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, "address" in wish.sharing)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, "port" in wish.sharing)
        if wish.device:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, wish.device.encode())
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, v6only)
        sock.bind((address, PORT))
        if wish.protocol == "tcp":
            sock.listen()
        cleanup.pop_all()
        return sock


def refused(holder: Wish, wish: Wish) -> bool | None:
    """Whether the second cannot be had because of the first; None when one of them is not possible at all."""
    try:
        with bound(holder):
            bound(wish).close()
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL:  # IPv6: the address is another device's
            return None
        if error.errno != errno.EADDRINUSE:
            raise
        return True
    return False


def deviations(pairs: Iterator[tuple[Wish, Wish]]) -> tuple[int, int, list[tuple[Wish, Wish]]]:
    """How many pairs were tried, how many the kernel refused, and those that it was not expected of."""
    tried = refusals = 0
    wrong = []
    for holder, wish in pairs:
        answer = refused(holder, wish)
        if answer is None:
            continue
        tried, refusals = tried + 1, refusals + answer
        if answer != (overlaps(holder.claim(), wish.claim()) and not holder.shares_with(wish)):
            wrong.append((holder, wish))
    return tried, refusals, wrong


@pytest.mark.usefixtures("two_addresses")
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
@pytest.mark.parametrize("uids", [(0, 0), (0, NOBODY)], ids=["one user", "two users"])
def test_the_kernel_refuses_what_overlaps_and_is_not_shared(protocol: str, uids: tuple[int, int]) -> None:
    tried, refusals, wrong = deviations(
        (Wish(protocol, ours, first, uids[0]), Wish(protocol, theirs, second, uids[1]))
        for ours, theirs in itertools.product(FORMS, FORMS)
        for first, second in itertools.product(SHARING, SHARING)
    )
    assert wrong == []
    assert tried == len(FORMS) ** 2 * len(SHARING) ** 2
    assert 0 < refusals < tried


@pytest.mark.usefixtures("two_addresses")
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_two_that_are_bound_to_different_devices_never_meet(protocol: str) -> None:
    devices = ("", "lo", "other")
    tried, refusals, wrong = deviations(
        (Wish(protocol, ours, device=first), Wish(protocol, theirs, device=second))
        for ours, theirs in itertools.product(FORMS, FORMS)
        for first, second in itertools.product(devices, devices)
    )
    assert wrong == []
    assert tried > 400
    assert 0 < refusals < tried


@pytest.mark.usefixtures("two_addresses")
def test_tcp_and_udp_do_not_meet() -> None:
    pairs = itertools.product(FORMS, FORMS)
    tried, refusals, wrong = deviations((Wish("tcp", ours), Wish("udp", theirs)) for ours, theirs in pairs)
    assert (tried, refusals, wrong) == (len(FORMS) ** 2, 0, [])
