"""One network namespace as it was seen in one visit, and the host's own: what `explain A B` is decided on."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeAlias

from msgspec import Struct, field

from exporter.core.model.device_filters import DeviceFilter
from exporter.core.model.docker import Container, Link
from exporter.core.model.fib import UNICAST, RouteQuery, RouteResult
from exporter.core.model.ipsec import IpsecPolicy
from exporter.core.model.sockets import ListeningSocket
from exporter.core.nat.ruleset import Ruleset

ORDINARY_TTL = 64  # of Linux
SOCKET_LOOKUP = "sk_lookup"
PortAt: TypeAlias = tuple[str, str, int]  # protocol, address, port
FORWARDING = 3  # of `port_state` (linux/if_bridge.h: BR_STATE_FORWARDING)


class Device(Struct, frozen=True):
    """A device with its addresses, link-local ones included, without prefix length.

    `arp`: without IFF_NOARP. `answers`: to ARP requests; `own_only`: to those for its own addresses
    (net.ipv4.conf.*.arp_ignore).
    Of a bridge port: `port_state` (IFLA_BRPORT_STATE), `isolated` (IFLA_BRPORT_ISOLATED), and `learning`, whether the
    bridge stores source addresses of frames (IFLA_BRPORT_LEARNING); None for other devices.
    `duplicates` are those of its addresses that another device on the link has (IFA_F_DADFAILED): they are not used.
    `withheld`: the frames that a bridge does not send to the port, '' for none.
    `requests_arp`: it sends requests of ARP (net.ipv4.neigh.*.mcast_solicit and app_solicit).
    `routes_loopback`: addresses of 127.0.0.0/8 are routed by it (net.ipv4.conf.*.route_localnet).
    `mode`: that of a macvlan device (IFLA_MACVLAN_MODE), None for other devices.
    `hop_limit`: that of IPv6 packets that are sent (net.ipv6.conf.*.hop_limit).
    `locked`: it drops frames of MAC addresses without a fixed entry (IFLA_BRPORT_LOCKED).
    Of a bridge: `vlans`, whether it filters VLANs (IFLA_BR_VLAN_FILTERING), and the IP versions whose rules its own
    switch applies to bridged packets (IFLA_BR_NF_CALL_IPTABLES, IFLA_BR_NF_CALL_IP6TABLES).
    """

    link: Link
    addresses: tuple[str, ...] = ()
    port_state: int | None = None
    isolated: bool | None = None
    filters: frozenset[int] = frozenset()
    arp: bool = True
    learning: bool | None = None
    answers: bool = True
    withheld: str = ""
    vlans: bool = False
    duplicates: frozenset[str] = frozenset()
    locked: bool = False
    hop_limit: int = ORDINARY_TTL
    mode: int | None = None
    requests_arp: bool = True
    own_only: bool = False
    routes_loopback: bool = True


class Neighbour(Struct, frozen=True):
    """A neighbour entry of the device `ifindex`: a permanent one (NUD_PERMANENT), or a `learned` one, which expires.

    Of a learned one without a MAC address nothing answered (NUD_FAILED, NUD_INCOMPLETE).

    Without an `address` it is one of a bridge's table (NUD_NOARP too): frames to the MAC address go to that port alone,
    or to the host if it is `local` (NUD_PERMANENT), as the entry of the bridge's own MAC address is.
    """

    ifindex: int
    address: str
    mac_address: str
    learned: bool = False
    local: bool = False


class Unread(Struct, frozen=True):
    """A part of a namespace that could not be read, and what has to be granted for it; '' where nothing helps."""

    part: str
    detail: str
    privilege: str = ""


# Parts of a view that may be missing.
NAMESPACE, RULES, LISTENERS, FILES, FILTERS = "namespace", "rules", "listeners", "files", "filters"


class NamespaceView(Struct, frozen=True):
    """The namespace; `unread` names the parts that are empty because they could not be read.

    `devices` by ifindex. `rulesets`: what nf_tables and iptables-legacy hold, of all families. `listeners` are its
    listening sockets; `full` those of them whose accept queue is full (inet_diag_msg: idiag_rqueue over
    idiag_wqueue), of UDP the receive buffer. `stopped`: the inodes of sockets that stopped processes alone hold, each
    with the pid of one (state T of proc(5)); `frozen` those of these pids that the freezer of their cgroup holds.
    `keys`: by inode the networks whose packets a TCP socket takes with a signature alone (TCP_MD5SIG); `marks`: by
    inode the mark of what a socket sends (SO_MARK). Without CAP_NET_ADMIN both are empty. `waiting`: by TCP port the
    seconds for which the oldest connection waits that the process has not accepted.
    `ttl` is the time to live of IPv4 packets that are sent (net.ipv4.ip_default_ttl).
    `untracked` are the settings of connection tracking that end the entry of a connection at once, by protocol
    (net.netfilter.nf_conntrack_*_timeout*).
    `bridge_filter` are the IP versions whose rules bridged packets meet (net.bridge.bridge-nf-call-iptables,
    -ip6tables). `filters` are tc filters and BPF programs at devices, `ipsec` the policies of IPsec.
    `programs`: the attach types of BPF programs at the cgroup of a container's first process, such as `connect4`, and
    `sk_lookup` for one that chooses sockets in the namespace. `socket_programs`: of the host those at the cgroup of a
    listening socket, by its id.
    `hosts` and `resolv_conf` are the texts of the container's files, at most 64 KiB, None where there is no such
    regular file.
    """

    devices: Mapping[int, Device] = field(default_factory=dict)
    neighbours: tuple[Neighbour, ...] = ()
    rulesets: tuple[Ruleset, ...] = ()
    listeners: tuple[ListeningSocket, ...] = ()
    full: frozenset[PortAt] = frozenset()
    stopped: Mapping[int, int] = field(default_factory=dict)
    frozen: frozenset[int] = frozenset()
    keys: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    marks: Mapping[int, int] = field(default_factory=dict)
    waiting: Mapping[int, float] = field(default_factory=dict)
    ttl: int = ORDINARY_TTL
    untracked: Mapping[str, str] = field(default_factory=dict)
    bridge_filter: frozenset[int] = frozenset()
    filters: tuple[DeviceFilter, ...] = ()
    ipsec: tuple[IpsecPolicy, ...] = ()
    programs: frozenset[str] = frozenset()
    socket_programs: Mapping[int, frozenset[str]] = field(default_factory=dict)
    hosts: str | None = None
    resolv_conf: str | None = None
    unread: tuple[Unread, ...] = ()

    def missing(self, part: str) -> Unread | None:
        """Return why a part is not known, None where it is."""
        return next((one for one in self.unread if one.part in (NAMESPACE, part)), None)

    def filters_at(self, *devices: Device) -> str:
        """Name the tc filters and BPF programs at some devices, '' where there is none."""
        names = {device.link.ifindex: device.link.name for device in devices}
        found = (f"{f.what} at {f.direction} of {names[f.ifindex]}" for f in self.filters if f.ifindex in names)
        return ", ".join(found)

    def device_of(self, address: str) -> Device | None:
        """Return the device that has an address."""
        return next((device for device in self.devices.values() if address in device.addresses), None)


Lookup: TypeAlias = Callable[[RouteQuery], RouteResult]
FreePorts: TypeAlias = Callable[[RouteQuery], int | None]


class Visited(Struct, frozen=True):
    """A namespace that was visited. `lookup` queries its FIB and raises nothing.

    A failed lookup is a RouteResult with an errno that no route has, such as EPERM or ETIMEDOUT.
    `free_ports`: how many local ports the kernel has left for connections from a source to a destination and port;
    None where that is not known.
    """

    view: NamespaceView
    lookup: Lookup
    free_ports: FreePorts = lambda _: None

    def opened(self, destination: str, protocol: str = "", port: int = 0) -> RouteResult:
        """Look up the route of a connection that is opened here.

        Over IPv4 the kernel looks it up once more with the source that it chose: policy rules may have a condition on
        it (net/route.h: ip_route_connect). Over IPv6 the first result remains (net/ipv6/ip6_output.c).
        """
        query = RouteQuery(destination, protocol=protocol, port=port)
        first = self.lookup(query)
        if ":" in destination or first.type != UNICAST or not first.source:
            return first
        return replace(self.lookup(query._replace(source=first.source)), source=first.source)


# Visits the namespace of a container, or the host's for None; each only once for one question.
Visit: TypeAlias = Callable[[Container | None], Visited]
