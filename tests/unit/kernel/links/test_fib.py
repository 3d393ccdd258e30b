"""The request for a lookup in the FIB."""

import pytest

from exporter.core.model.fib import RouteQuery
from exporter.kernel.links.fib import RTA_UID, RTMSG, request
from exporter.kernel.netlink.messages import HEADER, attributes


@pytest.mark.parametrize(
    ("query", "uid"), [(RouteQuery("fd00::1", "fd00::2", 4), 0), (RouteQuery("10.0.0.1", uid=5), 5)]
)
def test_a_lookup_names_the_user_whose_rules_count(query: RouteQuery, uid: int) -> None:
    """The kernel's own default is the user of the caller, and none for a received packet of IPv6."""
    found = attributes(request(query), HEADER.size + RTMSG.size)
    assert int.from_bytes(found[RTA_UID], "little") == uid
