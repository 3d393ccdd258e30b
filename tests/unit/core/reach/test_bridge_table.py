"""Fixed entries of a bridge's table, and timeouts of connection tracking."""

import pytest

from exporter.core.reach.view import Neighbour
from tests.support.nat_hosts import OLD
from tests.support.reach_hosts import ReachHost
from tests.support.reach_namespaces import mac_of
from tests.support.servers_end import added

BRIDGE, WEBS_PORT = 4, 12
OWN, WEB, CLIENT = "02:42:00:00:00:04", mac_of("172.18.0.2"), mac_of("172.18.0.3")
NEIGHBOUR, HOST, OUTSIDE = "172.18.0.2:80", "172.18.0.1:22", "198.51.100.1:443"
ORDINARY = {(BRIDGE, OWN), (WEBS_PORT, "02:42:00:00:00:99")}  # entries of the host's own addresses
ELSEWHERE = [("link", "unknown", "wrong_neighbour")]
ENDED = [("filter", "unknown", "conntrack_timeout")]


def table(fixed: tuple[int, str] | None = None, local: set[tuple[int, str]] = ORDINARY) -> ReachHost:
    """A host whose bridges have these entries of the host, and one to a port."""
    found = [Neighbour(ifindex, "", mac, local=True) for ifindex, mac in sorted(local)]
    return ReachHost().view("", neighbours=(*found, *([Neighbour(*_entry(fixed))] if fixed else [])))


def _entry(fixed: tuple[int, str]) -> tuple[int, str, str]:
    return fixed[0], "", fixed[1]


@pytest.mark.parametrize(
    ("host", "to_neighbour", "to_host"),
    [
        (ReachHost(), [], []),
        (table(), [], []),
        (table((WEBS_PORT, WEB)), [], []),
        (table(local=ORDINARY - {(BRIDGE, OWN)} | {(WEBS_PORT, OWN)}), [], []),
        (table((WEBS_PORT, CLIENT)), ELSEWHERE, ELSEWHERE),
        (table(local=ORDINARY | {(BRIDGE, WEB)}), ELSEWHERE, []),
        (table(local=ORDINARY | {(WEBS_PORT, WEB)}), ELSEWHERE, []),
        (table((WEBS_PORT, OWN), ORDINARY - {(BRIDGE, OWN)}), [], ELSEWHERE),
        (table(local=ORDINARY - {(BRIDGE, OWN)}), [], ELSEWHERE),
    ],
)
def test_a_bridge_gives_frames_to_the_port_or_to_the_host(
    host: ReachHost, to_neighbour: list[tuple[str, str, str]], to_host: list[tuple[str, str, str]]
) -> None:
    assert host.faults(NEIGHBOUR) == to_neighbour
    assert host.faults(HOST) == to_host
    assert host.faults(OUTSIDE) == to_host


def test_a_published_port_depends_on_the_bridges_own_address_and_not_on_local_entries_of_its_port() -> None:
    assert added(table(local=ORDINARY - {(BRIDGE, OWN)})) == ELSEWHERE
    assert added(table(local=ORDINARY | {(WEBS_PORT, WEB)})) == []


def test_an_entry_that_ends_at_once_leaves_what_the_host_forwards_unclear() -> None:
    forgets = ReachHost(OLD).view("", untracked={"tcp": "nf_conntrack_tcp_timeout_syn_sent"})
    assert [forgets.faults(target) for target in (NEIGHBOUR, OUTSIDE)] == [[], ENDED]
    assert added(forgets) == ENDED
    assert added(ReachHost(OLD).view("", untracked={"udp": "nf_conntrack_udp_timeout"})) == []
