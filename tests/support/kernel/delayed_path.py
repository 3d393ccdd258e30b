"""A path between two network namespaces that takes a known time, of TAP devices: no kernel needs sch_netem for it."""

import fcntl
import os
import select
import struct
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.support.kernel.own_namespace import entered, ip

TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 2, 0x1000  # linux/if_tun.h
FRAME = 1 << 16


@dataclass(slots=True)
class Relay:
    """Forwards frames between two TAP devices, each so many seconds later."""

    ends: tuple[int, int]
    seconds: float
    stopped: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Until it is stopped."""
        waiting: deque[tuple[float, int, bytes]] = deque()
        others = dict(zip(self.ends, reversed(self.ends), strict=True))
        while not self.stopped.is_set():
            pause = max(0.0, min(0.1, waiting[0][0] - time.monotonic())) if waiting else 0.1
            readable, _, _ = select.select(self.ends, (), (), pause)
            now = time.monotonic()
            waiting += [(now + self.seconds, others[end], os.read(end, FRAME)) for end in readable]
            while waiting and waiting[0][0] <= time.monotonic():
                _, end, frame = waiting.popleft()
                os.write(end, frame)


@contextmanager
def delayed(first: tuple[int, str], second: tuple[int, str], seconds: float) -> Iterator[None]:
    """Lead packets between two addresses over such a path, each given with a process in its namespace.

    `seconds` is the time of one direction.
    """
    ends = tuple(_tap(pid) for pid, _ in (first, second))
    relay = Relay((ends[0], ends[1]), seconds)
    thread = threading.Thread(target=relay.run, daemon=True)
    try:
        for (pid, _), (_, address) in ((first, second), (second, first)):
            ip("link set slow up", pid)
            ip(f"route add {address}/32 dev slow", pid)
        thread.start()
        yield
    finally:
        relay.stopped.set()
        if thread.ident:
            thread.join()
        for end in ends:  # the devices and their routes go with them
            os.close(end)


def _tap(pid: int) -> int:
    with entered(pid):
        descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
        fcntl.ioctl(descriptor, TUNSETIFF, struct.pack("16sH22x", b"slow", IFF_TAP | IFF_NO_PI))
    return descriptor
