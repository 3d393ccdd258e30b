"""Real connections: the truth of every case."""

import socket
from collections.abc import Callable
from contextlib import suppress

from tests.support.private_host.namespaces import netns
from tests.support.private_host.uplink import ADDRESS, OUTSIDE_ADDRESS
from tests.truth.lab import Lab
from tests.truth.outside import PORT as OUTSIDE_PORT

SECONDS = 1.5
FAR = "203.0.113.5"


def fetch(pid: int, address: str, port: int, source: str = "") -> str:
    """GET / from the network namespace of a process; the body, '' when nothing answers in time."""
    own = (source, 0) if source else None
    with suppress(OSError), netns(pid), socket.create_connection((address, port), SECONDS, own) as connection:
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        return _body(connection)
    return ""


def _body(connection: socket.socket) -> str:
    received = b""
    while piece := connection.recv(4096):
        received += piece
    return received.partition(b"\r\n\r\n")[2].decode().strip()


def published(port: int, name: str, address: str = ADDRESS) -> Callable[[Lab], bool]:
    """Whether a client outside gets the answer of container `name` at a port of the host."""
    return lambda lab: fetch(lab.host.outside_pid, address, port) == name


def far(port: int, name: str) -> Callable[[Lab], bool]:
    """The same of a client beyond the gateway, whose address the case gives to the outside."""
    return lambda lab: fetch(lab.host.outside_pid, ADDRESS, port, FAR) == name


def between(source: str, target: str) -> Callable[[Lab], bool]:
    """Whether container `source` reaches port 80 at the address of `target`."""
    return lambda lab: fetch(lab.pid(source), lab.address(target), 80) == target


def unreached(source: str, target: str) -> Callable[[Lab], bool]:
    """Whether container `source` does not reach `target`: the normal state of two isolated networks."""
    reached = between(source, target)
    return lambda lab: not reached(lab)


def outward(source: str) -> Callable[[Lab], bool]:
    """Whether container `source` reaches a server outside."""
    return lambda lab: fetch(lab.pid(source), OUTSIDE_ADDRESS, OUTSIDE_PORT) == "outside"


def always(_lab: Lab) -> bool:
    """For what no connection can show: the host serves nothing that the case is about."""
    return True


WEB = published(8080, "web")
