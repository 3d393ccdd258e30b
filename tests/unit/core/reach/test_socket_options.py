"""What a listening socket decides: TCP MD5 keys, the mark of its answers, connections that it does not accept."""

from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.model.fib import RouteResult
from exporter.core.reach.path.listener_step import listener_step
from exporter.core.reach.view import NamespaceView
from tests.support.port_hosts import socket
from tests.support.reach_hosts import ReachHost
from tests.support.reach_namespaces import NO_ROUTE
from tests.support.servers_end import added

NEAR, INTERNET = "192.0.2.1", "8.8.8.8"
SOCKET = replace(socket("0.0.0.0:80"), inode=5)
KEY, SLOW = ("listener", "unknown", "key_required"), ("listener", "unknown", "not_accepting")
LOST, DROPPED = ("back", "failed", "no_route_back"), ("inside", "failed", "container_rule")
MARKED: dict[str, Any] = {"protocol": "tcp", "source_port": 80, "mark": 5}
BY_MARK = ":OUTPUT ACCEPT\n-A OUTPUT -m mark --mark 0x5 -j DROP"


def server(**view: Any) -> ReachHost:
    return ReachHost().view("web", listeners=(SOCKET,), **view)


def without_route(**view: Any) -> ReachHost:
    """Answers with the mark 5 have no route."""
    host = server(**view)
    for client in (INTERNET, NEAR):
        host.route("web", client, RouteResult(error=22), "172.18.0.2", **MARKED)
    return host


CASES = {
    "a key of everybody": (server(keys={5: ("0.0.0.0/0",)}), [KEY]),
    "a key of the clients on the host's own network": (server(keys={5: ("192.0.2.0/24",)}), [KEY]),
    "a key of another peer": (server(keys={5: ("10.9.9.9/32", "fd00::/8")}), []),
    "a key of another socket": (server(keys={6: ("0.0.0.0/0",)}), []),
    "a connection that waits": (server(waiting={80: 3.5}), [SLOW]),
    "a connection that came just now": (server(waiting={80: 0.4}), []),
    "a connection that waits at another port": (server(waiting={81: 60.0}), []),
    "a mark without a route": (without_route(marks={5: 5}), [LOST]),
    "no mark": (without_route(), []),
    "a mark that rules drop": (server(marks={5: 5}).own_rules("web", BY_MARK, "mangle"), [DROPPED]),
    "another mark than that which rules drop": (
        server(marks={5: 6}).own_rules("web", BY_MARK, "mangle"),
        [],
    ),
}


@pytest.mark.parametrize(("host", "faults"), CASES.values(), ids=CASES)
def test_what_a_socket_decides(host: ReachHost, faults: list[tuple[str, str, str]]) -> None:
    assert added(host) == faults


def test_a_socket_of_udp_has_no_connections_that_wait() -> None:
    view = NamespaceView(listeners=(socket("0.0.0.0:80/udp"),), waiting={80: 60.0})
    assert listener_step(view, "web", "udp", 80, "172.18.0.2").state == "ok"


def test_a_client_without_a_key_is_told_so_and_one_of_another_network_is_not(sentence: Any) -> None:
    view = NamespaceView(listeners=(SOCKET,), keys={5: ("10.0.0.0/8",)})
    step = listener_step(view, "web", "tcp", 80, "172.18.0.2", client="10.1.2.3")
    assert (step.state, step.code, step.detail) == ("unknown", "key_required", sentence)
    assert listener_step(view, "web", "tcp", 80, "172.18.0.2", client=NEAR).state == "ok"


def test_two_sockets_of_one_port_with_other_marks_count_as_without_one() -> None:
    host = without_route(marks={5: 5}).view("web", listeners=(SOCKET, replace(SOCKET, inode=7)))
    assert added(host) == []
    assert added(ReachHost().route("web", INTERNET, NO_ROUTE, "172.18.0.2", **MARKED)) == []
