"""The devices of the captures of addresses and routes, and their rows."""

from typing import Any

from pyroute2.netlink.rtnl.marshal import MarshalRtnl

from exporter.kernel.netlink.messages import HEADER
from tests.support.kernel.captured import captured

NLMSG_DONE = 3
ETH0, ETH1, ETH2 = 2, 3, 4


def rows(name: str) -> list[Any]:
    """A capture, decoded as the reader gets it."""
    found: list[Any] = []
    for raw in captured(name):
        if HEADER.unpack_from(raw)[1] != NLMSG_DONE:
            found += MarshalRtnl().parse(raw)
    return found
