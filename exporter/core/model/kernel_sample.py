"""One reading of the kernel: devices, which change rarely, and counters, which always do."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from msgspec import Struct, field

from exporter.core.model.conntrack import ConntrackStats
from exporter.core.model.docker import Interface, Link
from exporter.core.model.fib import FibReading
from exporter.core.model.routes import Route
from exporter.core.model.sockets import HostSockets, NamespaceSockets, ProxyUse

# One device's counters as its own kernel counts them (struct rtnl_link_stats64), the ifindex first. A plain tuple,
# since a host has thousands of them per scrape; the names below are its places.
StatsRow: TypeAlias = tuple[int, ...]
IFINDEX, RX_PACKETS, TX_PACKETS, RX_BYTES, TX_BYTES, RX_ERRORS, TX_ERRORS, RX_DROPPED, TX_DROPPED = range(9)
ZERO_ROW: StatsRow = (0,) * 9

# The two ends of a veth count the same packets in opposite directions.
SWAPPED = (IFINDEX, TX_PACKETS, RX_PACKETS, TX_BYTES, RX_BYTES, TX_ERRORS, RX_ERRORS, TX_DROPPED, RX_DROPPED)

# The container's view, as places in the row of its veth's host end: the one swap of directions in this program.
RECEIVE_PACKETS, TRANSMIT_PACKETS, RECEIVE_BYTES, TRANSMIT_BYTES = SWAPPED[1:5]
RECEIVE_ERRORS, TRANSMIT_ERRORS, RECEIVE_DROPPED, TRANSMIT_DROPPED = SWAPPED[5:]


def swapped(row: StatsRow) -> StatsRow:
    """The same counters as the other end of the veth sees them; the ifindex stays."""
    return tuple([row[place] for place in SWAPPED])


class Devices(Struct, frozen=True):
    """The host's devices and their owners; a new value only when one of them changed.

    `sandboxes`: container id -> nsid of its network namespace. `interfaces`: nsid -> devices inside, known
    only with CAP_NET_ADMIN. `addresses`: device -> its addresses. `uplinks` are the devices that
    carry a default route or a route to a gateway. `routes` are None when not read.
    """

    links: Mapping[int, Link] = field(default_factory=dict)
    sandboxes: Mapping[str, int] = field(default_factory=dict)
    interfaces: Mapping[int, tuple[Interface, ...]] = field(default_factory=dict)
    addresses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    uplinks: tuple[str, ...] = ()
    routes: tuple[Route, ...] | None = None


class EndedLink(Struct, frozen=True):
    """A device that is gone: its last and largest counters, and the marks of its owner.

    `master` is the bridge that it was a port of, `peer_mac` the address of a veth's other end.
    """

    link: Link
    stats: StatsRow
    master: str = ""
    peer_mac: str = ""


class NamespaceInterface(Struct, frozen=True):
    """A device inside a container's namespace whose counters are read there; `key` is its endpoint's id."""

    key: str
    pid: int
    nsid: int
    interface: Interface


class SourceState(Struct, frozen=True):
    """The state of a source in an observation: whether it was read, the seconds that took, the error."""

    name: str
    up: bool
    duration: float = 0.0
    error: str = ""


class Degraded(Struct, frozen=True):
    """A capability that is missing; `detail` names what the operator has to grant."""

    collector: str
    reason: str
    detail: str = ""


class KernelSample(Struct, frozen=True):
    """One reading. `stats` is None when the counters could not be read; never an empty stand-in.

    `overflows` counts how often messages about devices were lost; `learned` are the MAC addresses that each bridge
    (by ifindex) has learned. `proxies`: container name -> its docker-proxies. `netns`: container id -> inode of its
    network namespace, of those that share one and of their owners. `reserved_ports` are the ranges that the kernel does
    not hand out by itself (net.ipv4.ip_local_reserved_ports).
    """

    devices: Devices = field(default_factory=Devices)
    stats: Sequence[StatsRow] | None = None
    sources: tuple[SourceState, ...] = ()
    degraded: tuple[Degraded, ...] = ()
    overflows: int = 0
    conntrack: ConntrackStats | None = None
    fib: FibReading = field(default_factory=FibReading)
    netns: Mapping[str, int] = field(default_factory=dict)
    learned: Mapping[int, int] | None = None
    sockets: HostSockets | None = None
    namespace_sockets: NamespaceSockets | None = None
    proxies: Mapping[str, ProxyUse] | None = None
    reserved_ports: tuple[tuple[int, int], ...] | None = None
