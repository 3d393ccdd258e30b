"""Record netlink messages of this machine's kernel for tests that need no root.

Run `python -m tests.support.kernel.capture` as root.

Every file of captures/ holds the commands that caused its messages. Rerun after a change here, review the diff.
"""

import os
import platform
import socket
import subprocess
import textwrap
from collections.abc import Iterator
from pathlib import Path

from pyroute2.netlink.rtnl.marshal import MarshalRtnl

from exporter.kernel.netlink.client import MAX_DATAGRAM, open_socket
from exporter.kernel.netlink.messages import ATTRIBUTE, HEADER, NLA_TYPE_MASK, message, messages
from tests.support.kernel.captured import CAPTURES
from tests.support.kernel.own_namespace import container, ip, own_namespace, send_frames

NLM_F_DUMP, NLMSG_DONE = 0x300, 3
RTM_GETLINK, RTM_GETADDR, RTM_GETROUTE, RTM_GETNEIGH, RTM_GETSTATS = 18, 22, 26, 30, 94
AF_BRIDGE = 7
FIXED = {
    16: 16,
    17: 16,
    20: 8,
    24: 12,
    28: 12,
    88: 4,
    89: 4,
    92: 12,
}  # message type -> size of the body before the attributes
REFRESH = "python -m tests.support.kernel.capture"
QUIET_SECONDS = 0.3
WIDTH = 96

DEVICES = """\
ip link add br-front type bridge
ip link set br-front up
ip link add veth-web address 02:00:00:00:00:0b type veth peer name eth-web address 02:00:00:00:00:0a
ip link set veth-web master br-front up
ip link set eth-web netns CONTAINER
inside ip link set eth-web name eth0 up
ip link add trunk type ifb
ip link add link trunk name guest type macvlan
ip link add crab🦀 type ifb
ip link set crab🦀 mtu 9000
frames inside eth0 10 100
frames veth-web 3 1000"""

LIFE = """\
ip link add br-front type bridge
ip link set br-front up
ip link add eth-web address 02:00:00:00:00:0a type veth peer name veth-web address 02:00:00:00:00:0b
ip link set veth-web master br-front
ip link set veth-web up
ip link set eth-web netns CONTAINER
inside ip link set eth-web name eth0
inside ip link set eth0 address 02:42:ac:12:00:02
inside ip link set eth0 up
frames inside eth0 10 100
frames veth-web 3 1000
inside ip link set eth0 down
inside ip link set eth0 name eth-web
inside ip link set eth-web netns HOST
ip link del veth-web"""

ROUTES = """\
ip link set lo up
ip link add eth0 type ifb
ip link add eth1 type ifb
ip link add eth2 type ifb
sysctl net.ipv6.conf.all.disable_ipv6=0
ip link set eth0 up
ip link set eth1 up
ip link set eth2 up
ip address add 192.0.2.10/24 dev eth0
ip address add 198.51.100.10/24 dev eth1
ip address add 203.0.113.10/24 dev eth2
ip address add 2001:db8::10/64 dev eth2 nodad
ip route add default nexthop via 192.0.2.1 dev eth0 nexthop via 198.51.100.1 dev eth1
ip -6 route add default via 2001:db8::1 dev eth2
ip route add 10.9.0.0/16 dev eth2
ip route add unreachable 10.8.0.0/16"""

NEIGHBOURS = """\
ip link add br-front type bridge
ip link set br-front up
ip link add veth-web address 02:00:00:00:00:0b type veth peer name eth-web address 02:00:00:00:00:0a
ip link set veth-web master br-front up
ip link set eth-web netns CONTAINER
inside ip link set eth-web name eth0 up
frames inside eth0 1 100
bridge fdb add 02:00:00:00:00:63 dev veth-web master static
ip link add vxlan0 type vxlan id 4097 dstport 4789
ip link set vxlan0 up
bridge fdb add 02:42:0a:00:00:03 dev vxlan0 dst 192.0.2.2 self permanent
bridge fdb add 02:42:0a:00:00:04 dev vxlan0 dst 192.0.2.2 self permanent
bridge fdb add 02:42:0a:00:00:05 dev vxlan0 dst 192.0.2.3 self permanent
bridge fdb add 00:00:00:00:00:00 dev vxlan0 dst 239.1.1.1 via veth-web self permanent"""


ANSWERS = """\
ip link add br0 type bridge
ip link set br0 up
ip link add vxlan0 type vxlan id 4097 dstport 4789 proxy
ip link set vxlan0 up
ip neighbour add 10.0.0.3 lladdr 02:42:0a:00:00:03 dev vxlan0 nud permanent
ip neighbour add 10.0.0.4 lladdr 02:42:0a:00:00:04 dev vxlan0 nud reachable
ip neighbour add 10.0.0.5 lladdr 02:42:0a:00:00:05 dev vxlan0 nud stale
ip neighbour add 10.0.0.6 lladdr 02:42:0a:00:00:06 dev br0 nud permanent"""


def run(command: str, pid: int) -> None:
    """Run one line of a recipe."""
    words = command.replace("CONTAINER", str(pid)).replace("HOST", str(os.getpid())).split()
    inside = pid if "inside" in words else 0
    words = [word for word in words if word != "inside"]
    if words[0] == "frames":
        send_frames(words[1], int(words[2]), int(words[3]), inside)
    elif words[0] == "sysctl":
        name, value = words[1].split("=")
        Path("/proc/sys", *name.split(".")).write_text(value)
    elif words[0] == "bridge":
        subprocess.run(words, check=True)
    else:
        ip(" ".join(words[1:]), inside)


def heard(sock: socket.socket) -> Iterator[bytes]:
    """Messages until the kernel is quiet."""
    while True:
        try:
            data = sock.recv(MAX_DATAGRAM)
        except TimeoutError:
            return
        yield from split(data)


def split(data: bytes) -> list[bytes]:
    """The messages of a datagram, each whole."""
    return [data[start - HEADER.size : end] for _, _, _, start, end in messages(data)]


def dumped(kind: int, body: bytes) -> Iterator[bytes]:
    """The messages of a dump, the closing one too."""
    with open_socket() as sock:
        sock.send(message(kind, NLM_F_DUMP, body))
        while True:
            found = split(sock.recv(MAX_DATAGRAM))
            yield from found
            if HEADER.unpack_from(found[-1])[1] == NLMSG_DONE:
                return


def written(raw: bytes) -> Iterator[str]:
    """One message as lines of hex, an attribute to a line, with its name."""
    kind = HEADER.unpack_from(raw)[1]
    decoder = MarshalRtnl.msg_map.get(kind)
    yield f"message  # {decoder.__name__ if decoder else 'end'}, type {kind}"
    at = HEADER.size + (FIXED[kind] if decoder else len(raw) - HEADER.size)
    yield raw[: HEADER.size].hex(" ", 4) + "  # nlmsghdr"
    yield raw[HEADER.size : at].hex(" ", 4)
    while at + ATTRIBUTE.size <= len(raw):
        length, number = ATTRIBUTE.unpack_from(raw, at)
        number &= NLA_TYPE_MASK
        name = decoder.nla_map[number][0] if decoder and number < len(decoder.nla_map) else str(number)
        padded = raw[at : at + ((length + 3) & ~3)].hex(" ", 4)
        first, *more = textwrap.wrap(padded, WIDTH)
        yield f"{first}  # {name}"
        yield from more
        at += (length + 3) & ~3


def write(name: str, recipe: str, found: Iterator[bytes]) -> None:
    """Write one capture."""
    head = [f"# {REFRESH} wrote this on Linux {platform.release().partition('-')[0]}.", *recipe.splitlines()]
    lines = [f"# $ {line}" if place else line for place, line in enumerate(head)]
    for raw in found:
        lines += ["", *written(raw)]
    CAPTURES.mkdir(exist_ok=True)
    (CAPTURES / f"{name}.hex").write_text("\n".join(lines) + "\n")


def main() -> None:
    """Record everything."""
    with own_namespace(), container() as pid:
        for command in DEVICES.splitlines():
            run(command, pid)
        write("devices", DEVICES + "\nRTM_GETLINK, a dump", dumped(RTM_GETLINK, bytes(16)))
        write("stats", DEVICES + "\nRTM_GETSTATS, a dump", dumped(RTM_GETSTATS, bytes(8) + b"\1\0\0\0"))
    with own_namespace(), container() as pid:
        for command in NEIGHBOURS.splitlines():
            run(command, pid)
        write(
            "fdb",
            NEIGHBOURS + "\nRTM_GETNEIGH of AF_BRIDGE, a dump",
            dumped(RTM_GETNEIGH, bytes([AF_BRIDGE]) + bytes(11)),
        )
    with own_namespace():
        for command in ANSWERS.splitlines():
            run(command, 0)
        write("neighbours", ANSWERS + "\nRTM_GETNEIGH, a dump", dumped(RTM_GETNEIGH, bytes(12)))
    with own_namespace(), container() as pid, open_socket(groups=(1, 28), timeout=QUIET_SECONDS) as sock:
        found: list[bytes] = []
        for command in LIFE.splitlines():
            run(command, pid)
            found += heard(sock)
        write("life", LIFE + "\nmulticast groups 1 (links) and 28 (namespaces)", iter(found))
    with own_namespace():
        for command in ROUTES.splitlines():
            run(command, 0)
        write("addresses", ROUTES + "\nRTM_GETADDR, a dump", dumped(RTM_GETADDR, bytes(8)))
        write("routes", ROUTES + "\nRTM_GETROUTE, a dump", dumped(RTM_GETROUTE, bytes(12)))


if __name__ == "__main__":
    main()
