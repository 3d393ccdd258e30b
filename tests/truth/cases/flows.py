"""Connections that go on to where a port led before."""

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.support.private_host.namespaces import netns
from tests.support.private_host.uplink import ADDRESS
from tests.support.waiting import until
from tests.truth.case import Case
from tests.truth.lab import START_SECONDS, Lab
from tests.truth.probes import SECONDS
from tests.truth.rows import outage

KIND = "stale connection"
PORT, SOURCE_PORT = 8053, 40053
SLEEP = ["sleep", "1000"]
ECHO = """
import socket
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("0.0.0.0", 53))
while True:
    _, client = server.recvfrom(64)
    server.sendto(b"names", client)
"""
RULE = f"PREROUTING -p udp --dport {PORT} -j DNAT --to-destination $db:53"


def answered(lab: Lab) -> bool:
    """Whether the name server answers a client that always uses the same source port."""
    with suppress(OSError), netns(lab.host.outside_pid), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(SECONDS)
        client.bind(("0.0.0.0", SOURCE_PORT))
        client.connect((ADDRESS, PORT))
        client.send(b"?")
        return client.recv(64) == b"names"
    return False


@contextmanager
def name_server(lab: Lab) -> Iterator[None]:
    """A container that publishes a UDP port and answers."""
    with lab.running("names", SLEEP, ports={"53/udp": PORT}):
        words = ("nsenter", "-t", str(lab.pid("names")), "-n", sys.executable, "-c", ECHO)
        with lab.started(*words):
            udp = ("nsenter", "-t", str(lab.pid("names")), "-n", "ss", "-Hlun", "sport = :53")
            until(lambda: lab.host.run(*udp).stdout, START_SECONDS, "the name server listens")
            yield


@contextmanager
def stuck(lab: Lab) -> Iterator[None]:
    """A rule led the client to another living container; the rule is gone, its connection goes on."""
    # a packet that is dropped leaves no connection behind
    lab.sh(f"iptables -I FORWARD -d $db -p udp -j ACCEPT; iptables -t nat -I {RULE}")
    # the entry of the client's own earlier packets ends first
    until(lambda: not answered(lab), 200, "the client is led away")
    lab.sh(f"iptables -t nat -D {RULE}")
    yield


CASES: tuple[Case, ...] = (
    outage(
        "UDP connection stuck at a living container",
        KIND,
        stuck,
        "stale_conntrack",
        asked="",
        probe=answered,
        base=name_server,
        fresh=True,
        sound_before=False,
        watch=20.0,
    ),
)
