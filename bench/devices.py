"""Real devices as an engine makes them: bridges, and veths whose other ends are in namespaces of their own."""

import fcntl
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pyroute2 import IPRoute

from bench.netns import entered, new_namespaces

PORTS = 100  # of a bridge; the kernel takes 1023
UPLINK, UPLINK_ADDRESS, UPLINK_GATEWAY = "enp0s3", "192.0.2.10", "192.0.2.1"
IFF_UP = 1
SIOCSIFFLAGS = 0x8914
PEER = "eth0"
PEER_IFINDEX = 2  # in every namespace the same, as with an engine that makes the container's end inside


@dataclass(frozen=True, slots=True)
class Devices:
    """A namespace with bridges and veths in it, and the namespaces that hold the veths' other ends, in order."""

    host: int
    sandboxes: tuple[int, ...]


def bridge_name(number: int) -> str:
    """The device of a network."""
    return f"br-{number:012x}"


def veth_name(number: int) -> str:
    """The host's end of an endpoint."""
    return f"veth{number:07x}"


def mac_address(number: int) -> str:
    """The address of the container's end."""
    return f"02:42:ac:{number >> 16:02x}:{number >> 8 & 255:02x}:{number & 255:02x}"


@contextmanager
def devices(count: int) -> Iterator[Devices]:
    """Make `count` endpoints on a bridge for each hundred of them, with an uplink; the caller is put among them."""
    host, outside, *sandboxes = new_namespaces(2 + count)
    try:
        with entered(host):
            Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
            with IPRoute() as route:
                _uplink(route, outside)
                bridges = [_bridge(route, number) for number in range(-(-count // PORTS))]
                for number, sandbox in enumerate(sandboxes):
                    add_endpoint(route, number, bridges[number // PORTS], sandbox)
            yield Devices(host, tuple(sandboxes))
    finally:
        for descriptor in (host, outside, *sandboxes):
            os.close(descriptor)


def add_endpoint(route: IPRoute, number: int, bridge: int, sandbox: int, group: int = 0) -> None:
    """Make one veth: the host's end a port of the bridge and in a group, the other one up in its namespace."""
    peer = {"ifname": PEER, "index": PEER_IFINDEX, "net_ns_fd": sandbox, "address": mac_address(number)}
    route.link("add", kind="veth", ifname=veth_name(number), master=bridge, state="up", peer=peer, group=group)
    with entered(sandbox), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, SIOCSIFFLAGS, struct.pack("16sH14x", PEER.encode(), IFF_UP))


def _bridge(route: IPRoute, number: int) -> int:
    route.link("add", kind="bridge", ifname=bridge_name(number), state="up")
    [index] = route.link_lookup(ifname=bridge_name(number))
    route.addr("add", index=index, address=f"10.{number}.0.1", prefixlen=16)
    return int(index)


def _uplink(route: IPRoute, outside: int) -> None:
    route.link("set", index=1, state="up")
    route.link("add", kind="veth", ifname=UPLINK, state="up", peer={"ifname": "outside", "net_ns_fd": outside})
    [index] = route.link_lookup(ifname=UPLINK)
    route.addr("add", index=index, address=UPLINK_ADDRESS, prefixlen=24)
    route.route("add", dst="default", gateway=UPLINK_GATEWAY)
