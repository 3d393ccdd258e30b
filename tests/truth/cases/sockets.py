"""What a listening socket itself decides: its TCP MD5 keys, its mark, and whether its process accepts connections."""

import struct
from typing import Any

from tests.truth.case import Case, Plant
from tests.truth.cases.servers import SLEEP
from tests.truth.plants import ANSWERING, both, container, shell
from tests.truth.probes import published
from tests.truth.reach.servers import service
from tests.truth.rows import ordinary, unknown

LISTENER, INSIDE, HOST = "listener", "answers inside", "port of the host"
HABIT = "networks and routes"
SO_MARK, TCP_MD5SIG_EXT = 36, 32
SERVER = (
    """
import select
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
{option}
listener.bind(("0.0.0.0", {port}))
listener.listen()
"""
    + ANSWERING
)
HANGING = """
listener = socket.socket()
listener.bind(("0.0.0.0", {port}))
listener.listen(100)
print("ready", flush=True)
signal.pause()
"""
MARK = f"listener.setsockopt(socket.SOL_SOCKET, {SO_MARK}, 5)"
DEFER_ACCEPT = "listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 5)"
PROHIBITED = "ip rule add fwmark 5 prohibit"
DROPPED = "iptables -t mangle -I OUTPUT -m mark --mark 5 -j DROP"


def key(network: str, prefix: int) -> str:
    """The statement that gives the listening socket a key for a network: struct tcp_md5sig, flagged as for a prefix."""
    head, tail = struct.pack("=HH", 2, 0), struct.pack("=120xBBHi80s", 1, prefix, 3, 0, b"key")
    packed = f"{head!r} + socket.inet_aton({network!r}) + {tail!r}"
    return f"listener.setsockopt(socket.IPPROTO_TCP, {TCP_MD5SIG_EXT}, {packed})"


def inside(row: Any, name: str, kind: str, port: int, server: str, *plants: Plant) -> Case:
    """A row about a published container whose server is a process in its namespace."""
    idle = container("srv", SLEEP, ports={"80/tcp": port})
    plant = both(idle, service("srv", where="srv", then=server), *plants)
    found: Case = row(name, kind, plant, asked=str(port), probe=published(port, "srv"), sound_before=False)
    return found


def with_option(option: str, port: int = 80) -> str:
    """A server whose socket has an option."""
    return SERVER.format(option=option, port=port)


def within(do: str) -> Plant:
    """Shell commands in the namespace of the container, which is removed afterwards."""
    return shell(do, ":", container="srv")


def of_host(name: str, port: int, server: str) -> Case:
    """A row about a server of the host itself."""
    plant, probe = service("srv", then=server), published(port, "srv")
    return unknown(name, HOST, plant, asked=str(port), probe=probe, sound_before=False)


CASES = (
    inside(unknown, "TCP MD5 key for everybody", LISTENER, 8901, with_option(key("0.0.0.0", 0))),
    inside(unknown, "TCP MD5 key for the uplink's network", LISTENER, 8902, with_option(key("192.0.2.0", 24))),
    inside(ordinary, "TCP MD5 key of another peer", HABIT, 8903, with_option(key("10.9.9.9", 32))),
    inside(
        unknown, "answers marked by the socket, prohibited inside", INSIDE, 8904, with_option(MARK), within(PROHIBITED)
    ),
    inside(unknown, "answers marked by the socket, dropped inside", INSIDE, 8905, with_option(MARK), within(DROPPED)),
    inside(ordinary, "answers marked by the socket", HABIT, 8906, with_option(MARK)),
    inside(unknown, "accepts no connection", LISTENER, 8907, HANGING.format(port=80)),
    inside(ordinary, "accepts connections with data alone", HABIT, 8908, with_option(DEFER_ACCEPT)),
    of_host("host's TCP MD5 key for everybody", 8909, with_option(key("0.0.0.0", 0), 8909)),
    of_host("host's process accepts no connection", 8910, HANGING.format(port=8910)),
)
