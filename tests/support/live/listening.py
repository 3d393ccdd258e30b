"""Processes that listen as a test says, and what `ss` tells of them."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from tests.support.private_host.engines import tool
from tests.support.private_host.host import PrivateHost
from tests.support.private_host.uplink import ADDRESS

# Called with a name for itself and claims such as tcp,::1,8080,v6only; what it makes, the rest of the program uses.
PRELUDE = """
import array, os, signal, socket, sys
def be(name):
    with open("/proc/self/comm", "w") as comm:
        comm.write(name)
def bound(claim):
    protocol, address, port, *options = claim.split(",")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, "v6only" in options)
    if "shared" in options:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sock.bind((address, int(port)))
    if protocol == "tcp":
        sock.listen()
    return sock
be(sys.argv[1])
made = [bound(claim) for claim in sys.argv[2:]]
"""
STAY = """
print("ready", flush=True)
signal.pause()
"""
# The parent ends when it is told to; its child goes on with the same sockets.
FORK = """
reading, writing = os.pipe()
if not os.fork():
    be("child")
    os.write(writing, b"x")
    signal.pause()
os.read(reading, 1)
print("ready", flush=True)
sys.stdin.readline()
"""
# Both ends of a pair: the maker hands its sockets to the taker, and ends.
HAND_OVER = """
ours, theirs = socket.socketpair()
if os.fork():
    socket.send_fds(ours, [b"x"], [sock.fileno() for sock in made])
    sys.exit()
for sock in made:
    sock.close()
_, taken, _, _ = socket.recv_fds(theirs, 1, 16)
ours.close()
theirs.close()
be("taker")
print("ready", flush=True)
signal.pause()
"""
USERS = re.compile(r'\("([^"]*)",pid=(\d+)')


class Place(NamedTuple):
    """Where something listens."""

    protocol: str
    address: str
    port: int
    v6only: bool = False


@contextmanager
def listening(
    host: PrivateHost, name: str, *claims: str, then: str = STAY, before: tuple[str, ...] = ()
) -> Iterator[Any]:
    """A process in the host that calls itself so and listens; it and what it has started end with the block."""
    words = (*before, sys.executable, "-c", PRELUDE + then, name, *claims)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with host.popen(*words, outside=False, **pipes, text=True, start_new_session=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def by_ss(host: PrivateHost, pid: int | None = None) -> dict[Place, set[str]]:
    """Who listens on the host, or in the network namespace of a process: the names of those who hold the socket."""
    words = ("ss", "-H", "-l", "-n", "-t", "-u", "-p")
    done = host.run(*(("nsenter", "-t", str(pid), "-n") if pid else ()), *words)
    found: dict[Place, set[str]] = {}
    for line in done.stdout.splitlines():
        protocol, _, _, _, local, *rest = line.split()
        found.setdefault(parse_place(protocol, local), set()).update(name for name, _ in USERS.findall(" ".join(rest)))
    return found


def parse_place(protocol: str, local: str) -> Place:
    """`*` is what ss calls the wildcard of both families; `[::]` is then IPv6 alone."""
    address, _, port = local.rpartition(":")
    address = address.partition("%")[0].strip("[]")
    if address == "*":
        return Place(protocol, "::", int(port))
    return Place(protocol, address, int(port), v6only=address == "::")


def connect(host: PrivateHost, port: int, times: int) -> None:
    """Connect from outside the host, so many times."""
    busybox = str(tool("busybox"))
    command = f"for i in $(seq {times}); do echo | timeout 20 $0 nc -w 20 {ADDRESS} {port} >/dev/null || exit 1; done"
    host.run(busybox, "sh", "-c", command, busybox, outside=True)
