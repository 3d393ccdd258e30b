"""What hearing one link message costs, on real messages of containers that come and go, against pyroute2's decode."""

import socket
from collections.abc import Iterator
from contextlib import suppress

from pyroute2 import IPRoute
from pyroute2.netlink.rtnl import RTM_DELLINK, RTM_NEWLINK
from pyroute2.netlink.rtnl.marshal import MarshalRtnl

from bench.devices import Devices, bridge_name, devices
from bench.figures import US, Row, Times, took
from bench.netns import entered
from bench.scale import Scale
from exporter.kernel.links.links import parse_link
from exporter.kernel.links.table import LinkTable
from exporter.kernel.links.watcher import RECEIVE_BUFFER, RTNLGRP_LINK
from exporter.kernel.netlink.client import MAX_DATAGRAM, open_socket
from exporter.kernel.netlink.messages import messages

PRESENT = 100
LIVES = 20
ROUNDS = 20
RIVAL_ROUNDS = 10


def rows(scale: Scale) -> Iterator[Row]:
    """The table's rows."""
    with devices(PRESENT) as made:
        datagrams = _captured(made)
    count = sum(1 for datagram in datagrams for kind, *_ in messages(datagram) if kind in (RTM_NEWLINK, RTM_DELLINK))
    ours = _per_message(datagrams, count, max(ROUNDS, scale.bursts))
    marshal = MarshalRtnl()
    theirs = Times(
        took(lambda: [_decoded(marshal, datagram) for datagram in datagrams]) / count for _ in range(RIVAL_ROUNDS)
    )
    size = f"{count} messages"
    yield Row("link message: parse_link + LinkTable", size, ours.text(US, "us"), f"{count / LIVES:.0f} per life")
    yield Row("link message: pyroute2's decode", size, theirs.text(US, "us"), theirs.times(ours, "ours"))


def _per_message(datagrams: list[bytes], count: int, rounds: int) -> Times:
    return Times(took(lambda: _heard(datagrams)) / count for _ in range(rounds))


def _heard(datagrams: list[bytes]) -> None:
    """As LinkWatcher does it, without the socket and the lock."""
    table = LinkTable()
    for datagram in datagrams:
        data = memoryview(datagram)
        for kind, _, _, start, end in messages(data):
            if kind in (RTM_NEWLINK, RTM_DELLINK) and (parsed := parse_link(kind, data, start, end)) is not None:
                table.apply(parsed)


def _decoded(marshal: MarshalRtnl, datagram: bytes) -> list[object]:
    return list(marshal.parse(datagram))


def _captured(made: Devices) -> list[bytes]:
    """Hear what the kernel says while containers live as libnetwork makes them."""
    sock = open_socket(receive_buffer=RECEIVE_BUFFER, groups=(RTNLGRP_LINK,), timeout=0)
    with IPRoute() as route:
        [bridge] = route.link_lookup(ifname=bridge_name(0))
        for number in range(LIVES):
            _live(route, bridge, made.sandboxes[number], made.host)
    found = _received(sock)
    sock.close()
    return found


def _received(sock: socket.socket) -> list[bytes]:
    found = []
    with suppress(BlockingIOError):
        while True:
            found.append(sock.recv(MAX_DATAGRAM))
    return found


def _live(route: IPRoute, bridge: int, sandbox: int, host: int) -> None:
    """A veth: made, a port of the bridge, one end moved in, up, moved back, deleted."""
    route.link("add", ifname="vethbench", kind="veth", peer="inside")
    [outer], [inner] = route.link_lookup(ifname="vethbench"), route.link_lookup(ifname="inside")
    route.link("set", index=outer, master=bridge)
    route.link("set", index=outer, state="up")
    route.link("set", index=inner, net_ns_fd=sandbox)
    with entered(sandbox), IPRoute() as within:
        [inner] = within.link_lookup(ifname="inside")
        within.link("set", index=inner, state="up")
        within.link("set", index=inner, state="down")
        within.link("set", index=inner, net_ns_fd=host)
    route.link("del", index=outer)
