"""Connections of real containers: counts and bytes are exact, and each failure has its reason."""

import errno
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.support.kernel.own_namespace import entered
from tests.support.kernel.tcp_traffic import connected, exchange, fails, listening
from tests.support.live.connection_lab import Lab, address_of, counting, pid_of
from tests.support.private_host.engines import TESTED
from tests.support.private_host.host import PrivateHost
from tests.support.private_host.uplink import ADDRESS, OUTSIDE_ADDRESS

every_engine = pytest.mark.parametrize("host", list(TESTED), indirect=True, ids=list(TESTED.values()))
REQUEST, REPLY, TIMES = 200_000, 1234, 20
# A question of type A for the name db (RFC 1035).
QUESTION = bytes.fromhex("0001 0100 0001 0000 0000 0000 02 6462 00 0001 0001")


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


def ask(container: Any, sockets: int) -> None:
    """So many sockets of a container ask the embedded DNS, twice each."""
    with entered(pid_of(container)):
        for _ in range(sockets):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                sock.settimeout(30)
                sock.connect(("127.0.0.11", 53))
                for _ in range(2):
                    sock.send(QUESTION)
                    assert sock.recv(512)


@every_engine
def test_sockets_that_ask_the_embedded_dns_are_counted_over_a_restart(lab: Lab) -> None:
    name, web = "dockernet_container_dns_lookups_total", {"container": "web", "protocol": "udp"}
    ask(lab.web, 7)
    lab.counted(name, 7, **web)
    lab.web.restart(timeout=0)
    ask(lab.web, 3)
    lab.counted(name, 10, **web)
    assert lab.exporter.metrics().value(name, container="db", protocol="udp") == 0
    assert {labels["container"] for labels, _ in lab.exporter.metrics().series(name)} == {"web", "db"}
