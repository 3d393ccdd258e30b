"""The next hops of a multipath route (struct rtnexthop, linux/rtnetlink.h). Few hosts have such a route.

So pyroute2 decodes it, and is loaded, which takes 10 MB, when there is one.
"""

import struct
from typing import Any

from msgspec import Struct

from exporter.kernel.netlink.messages import HEADER, MalformedError
from exporter.kernel.netlink.numbers import RTM_NEWROUTE

RTNH_F_DEAD = 1


class Hop(Struct, frozen=True):
    """A way to go on; `gateway` '' is on-link, ifindex 0 without a device."""

    ifindex: int
    gateway: str = ""
    dead: bool = False


def decode_hops(body: bytes) -> tuple[Hop, ...]:
    """Return the next hops of a route's body. Raises MalformedError."""
    from pyroute2.netlink.exceptions import NetlinkDecodeError
    from pyroute2.netlink.rtnl.rtmsg import rtmsg

    row = rtmsg(HEADER.pack(HEADER.size + len(body), RTM_NEWROUTE, 0, 0, 0) + body)
    try:
        row.decode()
        found = row.get_attr("RTA_MULTIPATH")
        if isinstance(found, list) and all(isinstance(hop, dict) for hop in found):
            return tuple(map(_hop, found))
    except (NetlinkDecodeError, struct.error, LookupError, TypeError, ValueError) as error:
        raise MalformedError(f"next hops: {error}") from error
    raise MalformedError(f"next hops are {found!r}")  # bytes, for what pyroute2 cannot decode


def _hop(hop: Any) -> Hop:
    via = hop.get_attr("RTA_VIA")
    gateway = hop.get_attr("RTA_GATEWAY") or (via["addr"] if via else "")
    if not isinstance(gateway, str):
        raise MalformedError(f"gateway is {gateway!r}")
    return Hop(int(hop["oif"]), gateway, bool(hop["flags"] & RTNH_F_DEAD))
