"""Route lookups in the host's FIB and their results, as `ip route get` shows them."""

from dataclasses import dataclass

# rtm_type of the result (linux/rtnetlink.h: RTN_*).
UNICAST, LOCAL = "unicast", "local"


@dataclass(frozen=True, slots=True)
class RouteQuery:
    """One lookup: `ip route get DESTINATION [from SOURCE iif DEVICE]`.

    With `ifindex`, the incoming device, the kernel decides as for a received packet: policy rules, forwarding and
    rp_filter included. 0 is a packet of the host itself.
    """

    destination: str
    source: str = ""
    ifindex: int = 0


@dataclass(frozen=True, slots=True)
class RouteResult:
    """`type` is '' and `error` the errno where the kernel refuses; `ifindex` is the outgoing device."""

    type: str = ""
    ifindex: int = 0
    gateway: str = ""
    error: int = 0
