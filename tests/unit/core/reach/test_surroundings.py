"""What `explain CONTAINER` says of the way to the internet."""

from typing import Any

from exporter.core.reach.surroundings import surroundings
from tests.support.reach_hosts import ReachHost
from tests.support.reach_namespaces import CLIENT, NO_ROUTE

SIX = "2001:4860:4860::8888"


def test_the_ip_version_is_named_where_the_other_one_is_reachable(sentence: Any) -> None:
    """Most hosts have no IPv6 to the internet, also where networks of theirs have it."""
    host = ReachHost().route("client", SIX, NO_ROUTE)
    found = surroundings(host.observation(), CLIENT, host._visit)
    assert (found.outside, found.fault) == ("ambiguous", sentence)
    neither = host.route("client", "8.8.8.8", NO_ROUTE)
    found = surroundings(neither.observation(), CLIENT, neither._visit)
    assert (found.outside, found.fault) == ("unreachable", sentence)
    assert surroundings(ReachHost().observation(), CLIENT, ReachHost()._visit).fault == ""
