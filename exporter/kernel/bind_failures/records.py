"""What the program leaves in its maps, as C has it: the program writes these, the watcher reads them."""

import ctypes
from ctypes import Structure, c_char, c_uint8, c_uint16, c_uint32, c_uint64
from socket import AF_INET, IPPROTO_SCTP, IPPROTO_TCP, IPPROTO_UDP, inet_ntop

from exporter.core.ports.bind_failures import RefusedBind
from exporter.kernel.bpf.container_name import NAME_BYTES
from exporter.kernel.netlink.protocols import PROTOCOLS as IP_PROTOCOLS
from exporter.kernel.sockets.cgroups import parse_container_ids

# linux/in.h. Go's servers listen on IPPROTO_MPTCP sockets, whose ports are those of TCP. The rest that can be refused
# has no ports (ping sockets), or some of its own that Docker does not publish (UDP-Lite).
IPPROTO_MPTCP = 262
PROTOCOLS = {number: IP_PROTOCOLS[number] for number in (IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP)} | {
    IPPROTO_MPTCP: IP_PROTOCOLS[IPPROTO_TCP]
}


CGROUP_NAME_BYTES = NAME_BYTES


class Refusal(Structure):
    """A key: who was refused what. All its bytes count, so what is not written must be zero.

    `address` is in network order, an IPv4 address in its first four bytes; `port` is in the machine's order.
    `process` is the name of the whole process, not of its thread. `cgroup` is the name of the container's cgroup,
    empty outside of containers.
    """

    _fields_ = (
        ("cgroup_id", c_uint64),
        ("netns", c_uint32),
        ("family", c_uint16),
        ("protocol", c_uint16),
        ("address", c_uint8 * 16),
        ("port", c_uint16),
        ("padding", c_uint16 * 3),
        ("process", c_char * 16),
        ("cgroup", c_char * CGROUP_NAME_BYTES),
    )


class Share(Structure):
    """Whose share of the elements a refusal takes: the id of a cgroup of the second level, and a container's cgroup.

    A container's cgroup is of the second level, and all processes of a user are below one: `docker/ID`,
    `system.slice/docker-ID.scope`, `user.slice/user-1000.slice`. The name counts only where containers are in the
    hierarchies of version 1: in version 2 a user may make a cgroup of any name.
    """

    _fields_ = (("ancestor", c_uint64), ("cgroup", c_char * CGROUP_NAME_BYTES))


class Tally(Structure):
    """A value: how often so far, when last (nanoseconds of CLOCK_MONOTONIC), by whom then, and its share."""

    _fields_ = (("count", c_uint64), ("last", c_uint64), ("pid", c_uint64), ("uid", c_uint64), ("share", Share))


SIZE_OF_REFUSAL, SIZE_OF_TALLY, SIZE_OF_SHARE = ctypes.sizeof(Refusal), ctypes.sizeof(Tally), ctypes.sizeof(Share)


def parse_refusal(key: Refusal, tally: Tally, times: int, clock: float) -> RefusedBind | None:
    """Turn an element into a value; None for what has no ports. `clock` is what Unix time is ahead of CLOCK_MONOTONIC.

    `times` is how many of the tally's refusals are new.
    """
    protocol = PROTOCOLS.get(key.protocol)
    if protocol is None:
        return None
    containers = parse_container_ids(key.cgroup.decode(errors="replace"))
    address = bytes(key.address)
    return RefusedBind(
        cgroup_id=key.cgroup_id,
        container_id="".join(containers[-1:]),
        netns=key.netns,
        pid=tally.pid,
        uid=tally.uid,
        comm=key.process.decode(errors="replace"),
        protocol=protocol,
        address=inet_ntop(key.family, address[:4] if key.family == AF_INET else address),
        port=key.port,
        at=tally.last / 1e9 + clock,
        times=times,
    )
