"""What the programs keep in their maps, as C has it: the programs write these, this process reads them."""

import ctypes
from ctypes import Structure, c_uint8, c_uint16, c_uint32, c_uint64

CONNECTED, ACCEPTED = 1, 2  # Key.role


class Key(Structure):
    """A key of the sums: one end of connections. All its bytes count, so what is not written must be zero.

    `netns_cookie` is unique while the machine runs, the inode `netns` is used again. `cgroup` is the one in which the
    socket was made. Addresses are in network order, IPv4 ones mapped to IPv6; `remote` is :: for an address that is
    not near. `port` is the service's: the remote one of who connected, the local one of who accepted. `proxy` is 1
    when the connecting process is a docker-proxy.
    """

    _fields_ = (
        ("netns_cookie", c_uint64),
        ("cgroup", c_uint64),
        ("local", c_uint8 * 16),
        ("remote", c_uint8 * 16),
        ("netns", c_uint32),
        ("port", c_uint16),
        ("role", c_uint8),
        ("proxy", c_uint8),
    )


class Owner(Structure):
    """A key of the names of cgroups: the first two fields of Key, for sockets of one cgroup may be in many."""

    _fields_ = (("netns_cookie", c_uint64), ("cgroup", c_uint64))


class Connection(Structure):
    """A connection that is being made or stands, by the address of its struct sock.

    `since` is when the first SYN was sent (nanoseconds of CLOCK_MONOTONIC). `sent`, `received` and `retransmitted`
    are what the socket had moved before it was adopted, 0 for one that was seen from its begin. `state` is SYN_SENT or
    ESTABLISHED, `peer_port` the remote one in network order. `icmp_error` is 1 after an ICMP error.
    """

    _fields_ = (
        ("key", Key),
        ("since", c_uint64),
        ("sent", c_uint64),
        ("received", c_uint64),
        ("retransmitted", c_uint64),
        ("state", c_uint64),
        ("peer_port", c_uint64),
        ("icmp_error", c_uint64),
    )


class Sums(Structure):
    """The sums of a key. Bytes, segments and round trips are added when a connection ends.

    `established` to `aborted` count connections; `sent` and `received` are payload in bytes, `retransmitted` segments,
    `setup_ns` nanoseconds from the first SYN to established, `round_trip_us` the sum of `round_trips` smoothed ones.
    `connecting` is of the living only, where `established` are those that stand.
    """

    _fields_ = (
        ("established", c_uint64),
        ("ended", c_uint64),
        ("refused", c_uint64),
        ("timed_out", c_uint64),
        ("unreachable", c_uint64),
        ("abandoned", c_uint64),
        ("no_port", c_uint64),
        ("reset", c_uint64),
        ("broken", c_uint64),
        ("aborted", c_uint64),
        ("setup_ns", c_uint64),
        ("sent", c_uint64),
        ("received", c_uint64),
        ("retransmitted", c_uint64),
        ("round_trip_us", c_uint64),
        ("round_trips", c_uint64),
        ("connecting", c_uint64),
    )


SIZE_OF_KEY, SIZE_OF_OWNER = ctypes.sizeof(Key), ctypes.sizeof(Owner)
SIZE_OF_CONNECTION, SIZE_OF_SUMS = ctypes.sizeof(Connection), ctypes.sizeof(Sums)
