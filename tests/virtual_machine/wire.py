"""Two machines on one wire."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tests.virtual_machine import snapshot
from tests.virtual_machine.machine import Machine
from tests.virtual_machine.releases import Release

FIRST, SECOND = "192.0.2.1", "192.0.2.2"
# Both go on from one snapshot: the second gets a name and addresses of its own.
BECOME_SECOND: Final = f"""\
hostname second
ip link set eth0 down
ip address flush dev eth0
ip link set eth0 address 52:54:00:00:00:02
ip address add {SECOND}/24 dev eth0
ip link set eth0 up
"""
# Machines of one snapshot draw equal random numbers until the kernel seeds its own anew: linux/random.h.
RNDRESEEDCRNG: Final = 0x5207
SEED: Final = f"""\
import fcntl, sys
with open("/dev/urandom", "wb", buffering=0) as device:
    device.write(sys.stdin.buffer.read())
    fcntl.ioctl(device, {RNDRESEEDCRNG})
"""
# Without it each look-up of a name waits for name servers that are not there.
NO_WAY_OUT: Final = "ip route replace unreachable default"


@contextmanager
def two(release: Release) -> Iterator[tuple[Machine, Machine]]:
    """Two machines of a release, joined by a socket of qemu: FIRST and SECOND."""
    near, far = socket.socketpair()
    with (
        near,
        far,
        snapshot.machine(release, near.fileno()) as first,
        snapshot.machine(release, far.fileno()) as second,
    ):
        second.run("python3", "-c", SEED, stdin=os.urandom(32))
        second.shell(BECOME_SECOND)
        for machine in (first, second):
            machine.shell(NO_WAY_OUT)
        yield first, second
