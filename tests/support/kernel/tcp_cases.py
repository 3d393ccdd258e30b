"""TCP connections that are out of the ordinary, from the network namespace of one process to that of another."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.kernel.own_namespace import entered
from tests.support.kernel.tcp_traffic import connected, drain, exchange, listening

TCP_FASTOPEN, MSG_FASTOPEN = 23, 0x20000000  # linux/tcp.h, linux/socket.h
REQUEST, REPLY = 200_000, 1234
LOSS = "0.03"
HELD_BYTES = 777
# Connect some sockets, send bytes over each, and wait for the end.
HOLD = f"""
import signal, socket, sys
sockets = [socket.create_connection((sys.argv[1], int(sys.argv[2]))) for _ in range(int(sys.argv[3]))]
for sock in sockets:
    sock.sendall(b"z" * {HELD_BYTES})
print("sent", flush=True)
signal.pause()
"""


class Moved(NamedTuple):
    """Connections, and the bytes of their client; `retransmitted` are segments, where that is known."""

    number: int
    sent: int
    received: int
    retransmitted: int | None = None


@dataclass(frozen=True, slots=True)
class Ends:
    """Processes of both namespaces, and the server's address."""

    client: int
    server: int
    address: str


def over_mptcp(ends: Ends, port: int) -> Moved:
    """A server that offers MPTCP, with clients of TCP and of MPTCP."""
    with entered(ends.server):
        try:
            server = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_MPTCP)
        except OSError as error:
            pytest.skip(f"this kernel has no MPTCP: {error}")
    with server:
        server.bind((ends.address, port))
        server.listen()
        for protocol in (socket.IPPROTO_TCP, socket.IPPROTO_MPTCP) * 3:
            with entered(ends.client):
                client = socket.socket(socket.AF_INET, socket.SOCK_STREAM, protocol)
            client.connect((ends.address, port))
            exchange(client, server.accept()[0], REQUEST, REPLY)
    return Moved(6, 6 * REQUEST, 6 * REPLY)


def with_fast_open(ends: Ends, port: int) -> Moved:
    """Data in the SYN, but for the first connection, which gets the cookie."""
    for pid in (ends.client, ends.server):
        with entered(pid):
            Path("/proc/sys/net/ipv4/tcp_fastopen").write_text("3")
    before = statistic(ends.client, "netstat", "TcpExt:", "TCPFastOpenActive")
    with listening(ends.server, ends.address, port) as server:
        server.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN, 16)
        for _ in range(4):
            with entered(ends.client):
                client = socket.socket()
            client.sendto(b"q" * 1000, MSG_FASTOPEN, (ends.address, port))
            exchange(client, server.accept()[0], 0, REPLY)
    assert statistic(ends.client, "netstat", "TcpExt:", "TCPFastOpenActive") - before == 3
    return Moved(4, 4000, 4 * REPLY)


def with_loss(ends: Ends, port: int) -> Moved:
    """A share of the TCP packets that arrive at either end is dropped."""
    times, before = 25, statistic(ends.client, "snmp", "Tcp:", "RetransSegs")
    with listening(ends.server, ends.address, port) as server, losing(ends.client), losing(ends.server):
        for _ in range(times):
            with connected(ends.client, server, ends.address) as both:
                exchange(*both, REQUEST, REPLY)
    again = statistic(ends.client, "snmp", "Tcp:", "RetransSegs") - before
    return Moved(times, times * REQUEST, times * REPLY, again)


@contextmanager
def losing(pid: int) -> Iterator[None]:
    """Drop a share of the TCP packets that arrive in a namespace."""
    rule = f"INPUT -p tcp -m statistic --mode random --probability {LOSS} -j DROP"
    command = ["nsenter", "-t", str(pid), "-n", "iptables"]
    subprocess.run([*command, "-A", *rule.split()], check=True)
    try:
        yield
    finally:
        subprocess.run([*command, "-D", *rule.split()], check=True)


@contextmanager
def half_closed(ends: Ends, port: int) -> Iterator[Moved]:
    """A connection whose client has ended its direction; it ends with the block."""
    with (
        listening(ends.server, ends.address, port) as server,
        connected(ends.client, server, ends.address) as (client, accepted),
    ):
        client.sendall(b"q" * 100)
        client.shutdown(socket.SHUT_WR)
        assert drain(accepted) == 100
        accepted.sendall(b"r" * 5000)
        assert len(client.recv(5000, socket.MSG_WAITALL)) == 5000
        yield Moved(1, 100, 5000)


@contextmanager
def held(ends: Ends, port: int, count: int = 10) -> Iterator[Moved]:
    """Connections of a process, which is killed at the end of the block; the server closes them then."""
    argv = [sys.executable, "-c", HOLD, ends.address, str(port), str(count)]
    with listening(ends.server, ends.address, port) as server:
        with subprocess.Popen(["nsenter", "-t", str(ends.client), "-n", *argv], stdout=subprocess.PIPE) as process:
            try:
                assert process.stdout is not None
                assert process.stdout.readline()
                accepted = [server.accept()[0] for _ in range(count)]
                yield Moved(count, count * HELD_BYTES, 0)
            finally:
                process.kill()
        assert [drain(sock) for sock in accepted] == [HELD_BYTES] * count
        for sock in accepted:
            sock.close()


def statistic(pid: int, file: str, section: str, name: str) -> int:
    """A counter of a namespace: /proc/PID/net/{snmp,netstat}."""
    lines = [line for line in Path(f"/proc/{pid}/net/{file}").read_text().splitlines() if line.startswith(section)]
    names, values = (line.split()[1:] for line in lines)
    return int(dict(zip(names, values, strict=True))[name])
