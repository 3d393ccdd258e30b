"""Route lookups in the host's FIB and their results, as `ip route get` shows them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec
from msgspec import Struct

# rtm_type of the result (linux/rtnetlink.h: RTN_*).
UNICAST, LOCAL = "unicast", "local"


class RouteQuery(NamedTuple):
    """One lookup: `ip route get DESTINATION [from SOURCE iif DEVICE]`.

    With `ifindex`, the incoming device, the kernel decides as for a received packet: policy rules, forwarding and
    rp_filter included. 0 is a packet of the host itself. `protocol` (tcp, udp), the destination `port`, `source_port`
    and the firewall's `mark` matter to policy rules alone; '' and 0 match no rule that has a condition on them.
    `uid` is the user whose socket sends; 0 also for packets that are forwarded, as in the kernel.
    """

    destination: str
    source: str = ""
    ifindex: int = 0
    protocol: str = ""
    port: int = 0
    source_port: int = 0
    mark: int = 0
    uid: int = 0


@dataclass(frozen=True, slots=True)
class RouteResult:
    """`type` is '' and `error` the errno where the kernel refuses; `ifindex` is the outgoing device.

    `source` is the address that a packet of this namespace gets (RTA_PREFSRC), `mtu` what the route limits packets to,
    0 for the device's own (RTAX_MTU), `hop_limit` the route's own time to live, 0 for the namespace's (RTAX_HOPLIMIT).
    """

    type: str = ""
    ifindex: int = 0
    gateway: str = ""
    error: int = 0
    source: str = field(default="", compare=False)
    mtu: int = field(default=0, compare=False)
    hop_limit: int = field(default=0, compare=False)


class FibReading(Struct, frozen=True):
    """Results by query, and ifindex -> whether IPv4 packets received there are forwarded.

    `complete` is False where the kernel could not be queried. A query without a result is not answered yet.
    """

    results: Mapping[RouteQuery, RouteResult] = msgspec.field(default_factory=dict)
    forwarding: Mapping[int, bool] = msgspec.field(default_factory=dict)
    complete: bool = True


NO_LOOKUPS = FibReading(complete=False)
