"""Starts that failed for want of a port, planted on real hosts: found, nothing beside, and gone with the cause."""

import contextlib
import os
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.live.listening import listening
from tests.support.live.port_cases import (
    ALL,
    HTTPD,
    binds,
    connects_again,
    create,
    finds,
    on_one_engine,
    refused,
    remove,
    run,
    start_failed,
    state,
)
from tests.support.live.ports_watched import Found, PortsWatched
from tests.support.private_host.host import PrivateHost
from tests.support.waiting import until

# Waits for a port of this host, and keeps it.
TAKER = """
import contextlib, socket, time
print("ready", flush=True)
while True:
    sock = socket.socket()
    with contextlib.suppress(OSError):
        sock.bind(("127.0.0.1", 8080))
        sock.listen()
        time.sleep(100)
    time.sleep(0.0005)
"""


@pytest.fixture
def watched(clean_host: PrivateHost) -> Iterator[PortsWatched]:
    with PortsWatched(clean_host) as looking:
        yield looking


@contextlib.contextmanager
def connected(host: PrivateHost, port: int, *, own_port: int) -> Iterator[None]:
    """A connection of this process from a port of its own choice; it leaves no TIME_WAIT."""
    with host.netns():
        connection = socket.create_connection(("127.0.0.1", port), source_address=("127.0.0.1", own_port))
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with connection:
        yield


def test_a_port_that_another_container_publishes(watched: PortsWatched, clean_host: PrivateHost) -> None:
    run(clean_host, "web1", *HTTPD, "80", publish={"80/tcp": 8080})
    create(clean_host, "web2", *HTTPD, "80", publish={"80/tcp": 8080}, restart="always")
    refused(clean_host, "web2")
    finds(watched, start_failed("web1", "docker-proxy", "critical"))
    clean_host.api().stop("web1", timeout=0)
    finds(
        watched,
        start_failed("", "", "critical"),
        what="still down, although nobody holds the port",
    )
    clean_host.api().start("web2")
    if not connects_again(clean_host):
        finds(watched, Found("publish_ineffective", ALL, "web2"), what="started, without a network")
        return
    finds(watched, Found("latent", ALL, "web1", "web2", "docker-proxy", "info"), what="the other way round")
    remove(clean_host, "web1")
    finds(watched)


def test_a_port_that_a_process_of_the_host_or_a_container_in_host_mode_holds(
    watched: PortsWatched, clean_host: PrivateHost
) -> None:
    """The engine's texts for it are another in each version."""
    create(clean_host, "web2", *HTTPD, "80", publish={"80/tcp": 8080})
    with listening(clean_host, "nginx", "tcp,127.0.0.1,8080"):
        finds(watched, Found("latent", ALL, "web2", "nginx", "process", "info"))
        refused(clean_host, "web2")
        finds(watched, start_failed("nginx", "process"))
    run(clean_host, "top", *HTTPD, "8080", network="host")
    finds(watched, start_failed("top", "container"))
    remove(clean_host, "top")
    clean_host.api().start("web2")
    finds(watched)


def test_a_port_of_udp_on_one_address_and_not_the_same_of_tcp_on_another(
    watched: PortsWatched, clean_host: PrivateHost
) -> None:
    options, command = binds("udp,0.0.0.0,53")
    with listening(clean_host, "named", "udp,127.0.0.1,5300", "tcp,127.0.0.2,5300"):
        create(clean_host, "web2", *command, publish={"53/udp": ("127.0.0.1", 5300)}, **options)
        refused(clean_host, "web2")
        finds(watched, Found("start_failed", "udp 127.0.0.1 5300", "web2", "named", "process", "info"))
    if not connects_again(clean_host):
        return
    clean_host.api().start("web2")
    with listening(clean_host, "named", "tcp,127.0.0.1,5300", "udp,127.0.0.2,5300"):
        finds(watched)


def test_an_address_that_the_host_does_not_have(watched: PortsWatched, clean_host: PrivateHost) -> None:
    create(clean_host, "web2", *HTTPD, "80", publish={"80/tcp": ("203.0.113.9", 8080)}, restart="unless-stopped")
    refused(clean_host, "web2")
    expected = Found("address_unavailable", "tcp 203.0.113.9 8080", "web2", severity="critical")
    finds(watched, expected)
    if not connects_again(clean_host):
        return
    clean_host.run("ip", "address", "add", "203.0.113.9/32", "dev", "lo")
    try:
        clean_host.api().start("web2")
        finds(watched)
    finally:
        clean_host.run("ip", "address", "delete", "203.0.113.9/32", "dev", "lo")


def test_a_restart_by_itself_that_failed_is_final(watched: PortsWatched, clean_host: PrivateHost) -> None:
    """The process is killed; whoever is waiting for the port has it before the engine."""
    run(clean_host, "web2", *HTTPD, "80", publish={"80/tcp": 8080}, restart="always")
    thief: Any = clean_host.popen(sys.executable, "-c", TAKER, stdout=subprocess.PIPE)
    assert thief.stdout.readline() == b"ready\n"
    killed = {0}

    def too_late() -> str:
        """What the engine says of a restart; where it was quicker than the thief, it has to restart once more."""
        now = state(clean_host, "web2")
        if now["Pid"] not in killed:
            os.kill(now["Pid"], signal.SIGKILL)
            killed.add(now["Pid"])
        return str(now["Error"])

    until(too_late, 60, "a restart that failed")
    name = Path(f"/proc/{thief.pid}/comm").read_text().strip()
    finds(watched, start_failed(name, "process", "critical"))
    thief.kill()
    thief.wait()
    finds(watched, start_failed("", "", "critical"))
    if not connects_again(clean_host):
        return
    clean_host.api().start("web2")
    finds(watched)


def test_a_port_taken_while_the_engine_was_down(new_host: Callable[..., PrivateHost]) -> None:
    """What should start with the engine does not, and is not tried again."""
    host = new_host().start().load_image()
    with PortsWatched(host) as looking:
        run(host, "web2", *HTTPD, "80", publish={"80/tcp": 8080}, restart="always")
        finds(looking)
        host.kill(signal.SIGTERM)
        with listening(host, "thief", "tcp,0.0.0.0,8080"):
            host.start()
            finds(looking, start_failed("thief", "process", "critical"))
        finds(looking, start_failed("", "", "critical"))
        host.api().start("web2")
        finds(looking)


@on_one_engine
def test_an_outgoing_connection_that_has_the_port(watched: PortsWatched, clean_host: PrivateHost) -> None:
    create(clean_host, "web2", *HTTPD, "80", publish={"80/tcp": 40000})
    advice = Found("ephemeral_overlap", "tcp 0.0.0.0 40000", "web2", severity="info")
    finds(watched, advice)
    with listening(clean_host, "server", "tcp,127.0.0.1,7000"), connected(clean_host, 7000, own_port=40000):
        refused(clean_host, "web2")
        name = Path("/proc/self/comm").read_text().strip()
        finds(
            watched,
            advice,
            Found("start_failed", "tcp 0.0.0.0 40000", "web2", name, "connection", severity="info"),
        )
    finds(watched, advice, Found("start_failed", "tcp 0.0.0.0 40000", "web2", severity="info"))
    clean_host.api().start("web2")
    clean_host.run("sysctl", "-q", "-w", "net.ipv4.ip_local_reserved_ports=40000")
    try:
        finds(watched)
    finally:
        clean_host.run("sysctl", "-q", "-w", "net.ipv4.ip_local_reserved_ports=")


@on_one_engine
def test_two_that_both_start_with_the_engine(watched: PortsWatched, clean_host: PrivateHost) -> None:
    for name in ("one", "two"):
        create(clean_host, name, *HTTPD, "80", publish={"80/tcp": 8080}, restart="always")
    pair = Found("latent_pair", ALL, "two", "one", "container")
    finds(watched, pair)
    clean_host.api().start("one")
    finds(watched, Found("latent", ALL, "two", "one", "docker-proxy"))
    remove(clean_host, "one")
    finds(watched)
