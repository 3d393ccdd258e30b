"""Route lookups in a namespace of the test's own, beside what `ip route get` and packets do."""

import errno
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from pyroute2 import IPRoute

from exporter.core.model.fib import RouteQuery, RouteResult
from exporter.kernel.links.fib import read_result
from exporter.kernel.links.fib_watcher import FibWatcher
from exporter.kernel.netlink.client import drain, open_socket
from exporter.kernel.netlink.socket_wait import SocketWait
from tests.support.kernel.own_namespace import ip
from tests.support.waiting import until

pytestmark = pytest.mark.usefixtures("host")

SECONDS = 20.0
CONTAINER, CLIENT = "172.20.0.2", "192.0.2.1"


def sysctl(name: str, value: int) -> None:
    Path("/proc/sys/net", name).write_text(f"{value}\n")


def ifindex(device: str) -> int:
    with IPRoute() as route:
        return int(route.link_lookup(ifname=device)[0])


@pytest.fixture
def host(namespace: None) -> None:
    """A bridge with a port, and an uplink with a default route."""
    assert namespace is None
    ip("link set lo up")
    ip("link add eth0 type veth peer name far0")
    ip("link add port0 type veth peer name far1")
    ip("link add br0 type bridge")
    ip("link set port0 master br0")
    for device in ("eth0", "far0", "port0", "far1", "br0"):
        ip(f"link set {device} up")
    ip("address add 192.0.2.10/24 dev eth0")
    ip("address add 172.20.0.1/16 dev br0")
    ip(f"route add default via {CLIENT}")
    sysctl("ipv4/ip_forward", 1)


def inbound() -> RouteQuery:
    return RouteQuery(CONTAINER, CLIENT, ifindex("eth0"))


def outbound() -> RouteQuery:
    return RouteQuery(CLIENT, CONTAINER, ifindex("br0"))


def look_up(query: RouteQuery) -> RouteResult:
    with open_socket() as sock:
        return read_result(sock, query)


def test_packets_for_a_container_leave_by_its_bridge_and_back_by_the_uplink() -> None:
    assert look_up(inbound()) == RouteResult("unicast", ifindex("br0"))
    assert look_up(outbound()) == RouteResult("unicast", ifindex("eth0"))
    assert look_up(RouteQuery("198.51.100.1")) == RouteResult("unicast", ifindex("eth0"), CLIENT)
    assert look_up(RouteQuery("192.0.2.10", CLIENT, ifindex("eth0"))).type == "local"


@pytest.mark.parametrize("device", ["all", "eth0"])
def test_forwarding_that_is_off_on_the_incoming_device_is_host_unreachable(device: str) -> None:
    sysctl(f"ipv4/conf/{device}/forwarding", 0)
    assert look_up(inbound()) == RouteResult(error=errno.EHOSTUNREACH)


def test_a_policy_rule_leads_elsewhere() -> None:
    ip("link add tun0 type veth peer name tun1")
    ip("link set tun0 up")
    ip("route add 172.20.0.0/16 dev tun0 table 52")
    ip("rule add pref 5270 lookup 52")
    assert look_up(inbound()) == RouteResult("unicast", ifindex("tun0"))


def test_policy_rules_go_by_marks_protocols_and_ports() -> None:
    ip("rule add pref 100 fwmark 4 blackhole")
    ip("rule add pref 101 ipproto tcp dport 81 blackhole")
    ip("rule add pref 102 iif br0 ipproto tcp sport 82 prohibit")
    ordinary = {"mark": 5}, {"protocol": "tcp", "port": 80}, {"protocol": "udp", "port": 81}
    assert {look_up(inbound()._replace(**more)) for more in ordinary} == {look_up(inbound())}
    assert look_up(inbound()._replace(mark=4)).error == errno.EINVAL
    assert look_up(inbound()._replace(protocol="tcp", port=81)).error == errno.EINVAL
    assert look_up(outbound()._replace(protocol="tcp", source_port=82)).error == errno.EACCES


def test_a_source_that_the_host_routes_elsewhere_is_refused_by_rp_filter() -> None:
    sysctl("ipv4/conf/eth0/rp_filter", 1)
    ip(f"route add {CLIENT}/32 dev br0")
    assert look_up(inbound()).error in (errno.EINVAL, errno.EXDEV)


def test_a_lost_gateway_address_takes_the_route_along() -> None:
    ip("address flush dev br0")
    assert look_up(inbound()).ifindex != ifindex("br0")


@pytest.mark.parametrize(
    ("kind", "error"),
    [("blackhole", errno.EINVAL), ("unreachable", errno.EHOSTUNREACH), ("prohibit", errno.EACCES)],
)
def test_a_route_that_refuses_is_its_error(kind: str, error: int) -> None:
    ip(f"route add {kind} {CONTAINER}/32")
    assert look_up(inbound()) == RouteResult(error=error)


@pytest.fixture
def watcher() -> Iterator[FibWatcher]:
    made = FibWatcher()
    made.start()
    yield made
    made.stop()


def test_results_follow_each_kind_of_change(watcher: FibWatcher) -> None:
    query = inbound()
    bridge = ifindex("br0")
    watcher.update_queries(frozenset({query}))

    def leads_to(ifindex: int, error: int = 0) -> bool:
        result = watcher.reading.results.get(query)
        return result is not None and (result.ifindex, result.error) == (ifindex, error)

    until(lambda: leads_to(bridge), SECONDS, "the first result")
    sysctl("ipv4/conf/eth0/forwarding", 0)
    until(lambda: leads_to(0, errno.EHOSTUNREACH), SECONDS, "forwarding off")
    sysctl("ipv4/conf/eth0/forwarding", 1)
    until(lambda: leads_to(bridge), SECONDS, "forwarding on")
    ip("rule add pref 100 to 172.20.0.0/16 blackhole")
    until(lambda: leads_to(0, errno.EINVAL), SECONDS, "a rule")
    ip("rule del pref 100")
    until(lambda: leads_to(bridge), SECONDS, "no rule")
    ip("route add unreachable 172.20.0.2/32")
    until(lambda: leads_to(0, errno.EHOSTUNREACH), SECONDS, "a route")
    assert watcher.state.up


def test_a_query_that_is_not_wanted_any_more_is_forgotten(watcher: FibWatcher) -> None:
    watcher.update_queries(frozenset({inbound()}))
    until(lambda: inbound() in watcher.reading.results, SECONDS, "a result")
    watcher.update_queries(frozenset({outbound()}))
    until(lambda: set(watcher.reading.results) == {outbound()}, SECONDS, "only the other result")


class Silent:
    """A socket whose kernel does not answer."""

    def send(self, _: bytes) -> int:
        """Time out."""
        raise TimeoutError("planted")

    def close(self) -> None:
        """Nothing is open."""


def test_lookups_that_fail_are_repeated_until_they_succeed() -> None:
    made = FibWatcher(retry_interval=0.01)
    kernel, made._socket = made._socket, cast("socket.socket", Silent())
    made.start()
    made.update_queries(frozenset({outbound()}))
    until(lambda: not made.state.up, SECONDS, "a failure")
    assert not made.reading.complete
    made._socket = kernel
    until(lambda: made.state.up and outbound() in made.reading.results, SECONDS, "a result without a change")
    made.stop()


def test_a_defect_in_one_lookup_does_not_end_the_watcher(watcher: FibWatcher) -> None:
    watcher.update_queries(frozenset({RouteQuery("not an address"), outbound()}))
    until(lambda: not watcher.state.up, SECONDS, "a failure")
    assert not watcher.reading.complete
    watcher.update_queries(frozenset({outbound()}))
    until(lambda: watcher.state.up and outbound() in watcher.reading.results, SECONDS, "a result")


def test_a_watcher_that_is_stopped_while_changes_settle_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    ended, made = threading.Event(), FibWatcher()
    end = SocketWait.end
    stopping = threading.Thread(target=made.stop, daemon=True)

    def seen(wait: SocketWait) -> None:
        end(wait)
        ended.set()

    def stopped_meanwhile(sock: socket.socket) -> bool:
        drain(sock)
        if not stopping.ident:
            ended.clear()
            stopping.start()
            ended.wait(5)
        return True

    monkeypatch.setattr(SocketWait, "end", seen)
    monkeypatch.setattr("exporter.kernel.links.fib_watcher.drain", stopped_meanwhile)
    made.start()
    made.update_queries(frozenset({RouteQuery("192.0.2.1")}))
    until(lambda: bool(stopping.ident), 5, "changes that settle")
    stopping.join(5)
    assert not stopping.is_alive()
