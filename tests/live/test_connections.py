"""Connections of real containers: counts and bytes are exact, and each failure has its reason."""

import errno
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from docker.types import IPAMConfig, IPAMPool

from tests.support.kernel.own_namespace import entered
from tests.support.kernel.tcp_traffic import connected, exchange, fails, listening
from tests.support.live.exposed import Exporter, Metrics
from tests.support.live.hosts import clear
from tests.support.live.shop import IMAGE, run
from tests.support.private_host.engines import ENGINES
from tests.support.private_host.host import PrivateHost
from tests.support.private_host.uplink import ADDRESS, OUTSIDE_ADDRESS
from tests.support.waiting import until

one_engine = pytest.mark.parametrize("host", ["sid"], indirect=True)
every_engine = pytest.mark.parametrize("host", list(ENGINES), indirect=True, ids=list(ENGINES.values()))
REQUEST, REPLY, TIMES = 200_000, 1234, 20


class Lab:
    """Two containers on one network, and an exporter that counts."""

    def __init__(self, host: PrivateHost, exporter: Exporter) -> None:
        self.host, self.exporter = host, exporter
        host.client().networks.create("front")
        self.web = run(host, "web", "front", ports={"80/tcp": 8080})
        self.db = run(host, "db", "front")
        self.metrics_with(lambda found: len(found.names("dockernet_container_info", "container")) == 2)

    def metrics_with(self, condition: Any) -> Metrics:
        """Wait for an exposition."""

        def read() -> Metrics | None:
            found = self.exporter.metrics()
            return found if condition(found) else None

        answer = until(read, 30, "such an exposition")
        assert answer is not None
        return answer

    def counted(self, name: str, value: float, **labels: str) -> None:
        """Wait until a series has a value."""
        try:
            self.metrics_with(lambda found: found.value(name, **labels) == value)
        except TimeoutError as error:
            error.add_note(f"{name}{labels}: {self.exporter.metrics().series(name)}")
            raise


def pid_of(container: Any) -> int:
    container.reload()
    return int(container.attrs["State"]["Pid"])


def address_of(container: Any, network: str = "front", kind: str = "IPAddress") -> str:
    container.reload()
    return str(container.attrs["NetworkSettings"]["Networks"][network][kind])


@contextmanager
def counting(host: PrivateHost) -> Iterator[Lab]:
    """The containers and the exporter on a host."""
    clear(host)
    with Exporter(host) as exporter:
        if exporter.metrics().series("dockernet_collector_degraded", collector="connections"):
            pytest.skip("this kernel lets no such program in")
        yield Lab(host, exporter)
    clear(host)


@pytest.fixture
def lab(host: PrivateHost) -> Iterator[Lab]:
    """On the shared host."""
    with counting(host) as found:
        yield found


@contextmanager
def requests(lab: Lab, port: int, count: int) -> Iterator[None]:
    """So many exchanges from web to db."""
    with listening(pid_of(lab.db), address_of(lab.db), port) as server:
        for _ in range(count):
            with connected(pid_of(lab.web), server, address_of(lab.db)) as ends:
                exchange(*ends, REQUEST, REPLY)
        yield


@every_engine
def test_counts_and_bytes_of_two_containers_are_exact_over_a_restart(lab: Lab) -> None:
    pair = {"container": "web", "peer": "db", "peer_kind": "container", "port": "5432", "side": "client"}
    with requests(lab, 5432, TIMES):
        lab.counted("dockernet_connections_established_total", TIMES, **pair)
        lab.counted("dockernet_connection_transmit_bytes_total", TIMES * REQUEST, **pair)
        lab.counted("dockernet_connection_receive_bytes_total", TIMES * REPLY, **pair)
    lab.web.restart(timeout=0)
    with requests(lab, 5432, 5):
        lab.counted("dockernet_connections_established_total", TIMES + 5, **pair)
        lab.counted("dockernet_connection_transmit_bytes_total", (TIMES + 5) * REQUEST, **pair)
    found = lab.exporter.metrics()
    assert found.value("dockernet_connections_active", **pair) == 0
    assert found.value("dockernet_connections_lost_total") == 0
    assert not found.series("dockernet_connections_failed_total")
    assert [labels["container"] for labels, _ in found.series("dockernet_connections_established_total")] == ["web"]


@one_engine
def test_a_connection_that_stands_is_active_with_its_bytes(lab: Lab) -> None:
    pair = {"container": "web", "peer": "db", "port": "5432", "side": "client"}
    with ExitStack() as stack:
        server = stack.enter_context(listening(pid_of(lab.db), address_of(lab.db), 5432))
        client, accepted = stack.enter_context(connected(pid_of(lab.web), server, address_of(lab.db)))
        client.sendall(b"x" * 70_000)
        assert len(accepted.recv(70_000, socket.MSG_WAITALL)) == 70_000
        lab.counted("dockernet_connections_active", 1, **pair)
        lab.counted("dockernet_connection_transmit_bytes_total", 70_000, **pair)
    lab.counted("dockernet_connections_active", 0, **pair)
    lab.counted("dockernet_connection_transmit_bytes_total", 70_000, **pair)


@every_engine
def test_a_connect_that_fails_has_its_reason(lab: Lab) -> None:
    web = pid_of(lab.web)
    lab.host.run("iptables", "-A", "INPUT", "-p", "tcp", "--dport", "9", "-j", "DROP", outside=True)
    try:
        for _ in range(6):
            assert fails(web, address_of(lab.db), 81) == errno.ECONNREFUSED
        assert fails(web, OUTSIDE_ADDRESS, 9, attempts=1) == errno.ETIMEDOUT
        fails(web, OUTSIDE_ADDRESS, 9, seconds=0.05)
    finally:
        lab.host.run("iptables", "-D", "INPUT", "-p", "tcp", "--dport", "9", "-j", "DROP", outside=True)
    name, outside = "dockernet_connections_failed_total", {"container": "web", "peer_kind": "outside", "port": "9"}
    lab.counted(name, 6, container="web", peer="db", port="81", reason="refused")
    lab.counted(name, 1, **outside, reason="timed_out")
    lab.counted(name, 1, **outside, reason="abandoned")
    assert len(lab.exporter.metrics().series(name)) == 3


@one_engine
def test_a_container_that_is_gone_before_a_scrape_is_counted(lab: Lab) -> None:
    with listening(pid_of(lab.db), address_of(lab.db), 5432) as server:
        script = f"echo hello | nc {address_of(lab.db)} 5432"
        flash = lab.host.client().containers.run(
            IMAGE, ["sh", "-c", script], name="flash", network="front", detach=True
        )
        accepted, _ = server.accept()
        with accepted:
            accepted.settimeout(30)
            received = accepted.recv(6, socket.MSG_WAITALL)
        flash.wait(timeout=60)
        flash.remove()
    assert received == b"hello\n"
    lab.counted("dockernet_connection_transmit_bytes_total", 6, container="flash", peer="db", port="5432")


@one_engine
def test_containers_on_an_ipv6_network_are_told_by_their_addresses(lab: Lab) -> None:
    pools = [IPAMPool(subnet=subnet) for subnet in ("172.30.0.0/16", "fd00:30::/64")]
    lab.host.client().networks.create("six", enable_ipv6=True, ipam=IPAMConfig(pool_configs=pools))
    web, db = (run(lab.host, name, "six") for name in ("web6", "db6"))
    address = address_of(db, "six", "GlobalIPv6Address")
    lab.metrics_with(lambda found: len(found.names("dockernet_container_info", "container")) == 4)
    with listening(pid_of(db), address, 5432) as server, connected(pid_of(web), server, address) as ends:
        exchange(*ends, REQUEST, REPLY)
    pair = {"container": "web6", "peer": "db6", "peer_kind": "container", "port": "5432", "side": "client"}
    lab.counted("dockernet_connections_established_total", 1, **pair)
    lab.counted("dockernet_connection_transmit_bytes_total", REQUEST, **pair)
    lab.counted("dockernet_connection_receive_bytes_total", REPLY, **pair)
    assert fails(pid_of(web), address, 81) == errno.ECONNREFUSED
    lab.counted("dockernet_connections_failed_total", 1, container="web6", peer="db6", port="81", reason="refused")


@every_engine
def test_who_connects_to_a_published_port_is_told(lab: Lab) -> None:
    _published_port(lab)


def test_who_connects_to_a_published_port_without_docker_proxy_is_told(new_host: Callable[..., PrivateHost]) -> None:
    host = new_host(flags=["--userland-proxy=false"]).start().load_image()
    with counting(host) as lab:
        _published_port(lab)


def _published_port(lab: Lab) -> None:
    """Connect to it from the host and from outside."""
    with listening(pid_of(lab.web), "0.0.0.0", 80) as server:
        with lab.host.netns():
            near = socket.create_connection(("127.0.0.1", 8080), 30)
        relayed, _ = server.accept()
        exchange(near, relayed, 100, 10)
        with entered(lab.host.outside_pid):
            far = socket.create_connection((ADDRESS, 8080), 30)
        direct, _ = server.accept()
        exchange(far, direct, 50, 10)
    lab.counted("dockernet_connection_transmit_bytes_total", 100, container="", peer="web", port="8080")
    lab.counted(
        "dockernet_connection_receive_bytes_total",
        50,
        container="web",
        peer_kind="outside",
        port="80",
        side="server",
    )
    assert len(lab.exporter.metrics().series("dockernet_connections_established_total")) == 2
