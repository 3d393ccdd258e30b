"""Known TCP traffic between two network namespaces of a test's own, joined by a veth pair."""

import contextlib
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.kernel.own_namespace import carries, container, entered, ip

CLIENT, SERVER = "10.77.0.1", "10.77.0.2"
SUBNET = "10.77.0.0/24"
SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Pair:
    """Two processes that hold a namespace each, by pid: of the client's address and of the server's."""

    client: int
    server: int


@contextmanager
def pair() -> Iterator[Pair]:
    """Two namespaces, joined."""
    with container() as client, container() as server:
        ip(f"link add c0 netns {client} type veth peer name s0 netns {server}")
        for pid, device, address in ((client, "c0", CLIENT), (server, "s0", SERVER)):
            ip(f"address add {address}/24 dev {device}", pid)
            ip(f"link set {device} up", pid)
            ip("link set lo up", pid)
        carries("c0", client)
        carries("s0", server)
        yield Pair(client, server)


@contextmanager
def listening(pid: int | str, address: str, port: int) -> Iterator[socket.socket]:
    """A listening socket in the namespace of a process."""
    with entered(pid):
        sock = socket.create_server((address, port), family=_family(address), backlog=512)
    sock.settimeout(SECONDS)
    with sock:
        yield sock


@contextmanager
def connected(
    pid: int | str, server: socket.socket, address: str = SERVER
) -> Iterator[tuple[socket.socket, socket.socket]]:
    """A connection from the namespace of a process, by both of its ends."""
    with entered(pid):
        client = socket.create_connection((address, server.getsockname()[1]), SECONDS)
    with client:
        accepted, _ = server.accept()
        with accepted:
            accepted.settimeout(SECONDS)
            yield client, accepted


def exchange(client: socket.socket, accepted: socket.socket, request: int, reply: int) -> None:
    """Send this many bytes, then get that many; both ends read to the other's end."""
    client.sendall(b"q" * request)
    client.shutdown(socket.SHUT_WR)
    drain(accepted)
    accepted.sendall(b"r" * reply)
    accepted.close()
    drain(client)
    client.close()


def drain(sock: socket.socket) -> int:
    """Read to the end; how many bytes."""
    total = 0
    while data := sock.recv(1 << 16):
        total += len(data)
    return total


def reset(sock: socket.socket) -> None:
    """Close with a RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    sock.close()


def fails(pid: int | str, address: str, port: int, *, attempts: int = 0, seconds: float = SECONDS) -> int:
    """Connect from the namespace of a process, which must fail; the errno. `attempts`: SYNs after the first."""
    with entered(pid), socket.socket(_family(address)) as sock:
        sock.settimeout(seconds)
        if attempts:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_SYNCNT, attempts)
        with contextlib.suppress(TimeoutError):
            return sock.connect_ex((address, port))
    return 0


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def limit_ports(pid: int, first: int, last: int) -> None:
    """Set the range of ephemeral ports of a namespace."""
    with entered(pid):
        Path("/proc/sys/net/ipv4/ip_local_port_range").write_text(f"{first} {last}")
