"""The request for a lookup in the FIB, and its answer."""

import pytest

from exporter.core.model.fib import RouteQuery, RouteResult
from exporter.kernel.links.fib import RTA_OIF, RTA_UID, RTMSG, parse_result, request
from exporter.kernel.netlink.messages import HEADER, MalformedError, attribute, attributes


@pytest.mark.parametrize(
    ("query", "uid"), [(RouteQuery("fd00::1", "fd00::2", 4), 0), (RouteQuery("10.0.0.1", uid=5), 5)]
)
def test_a_lookup_names_the_user_whose_rules_count(query: RouteQuery, uid: int) -> None:
    """The kernel's own default is the user of the caller, and none for a received packet of IPv6."""
    found = attributes(request(query), HEADER.size + RTMSG.size)
    assert int.from_bytes(found[RTA_UID], "little") == uid


def test_half_of_a_number_is_no_number() -> None:
    body = bytes(RTMSG.size) + attribute(RTA_OIF, b"\x02\x00")
    with pytest.raises(MalformedError):
        parse_result(body, 0, len(body))


def test_a_result_without_a_device_has_none() -> None:
    assert parse_result(bytes(RTMSG.size), 0, RTMSG.size) == RouteResult("0")
