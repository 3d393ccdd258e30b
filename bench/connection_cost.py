"""What the programs cost a connection, by turns with and without them, and what a flood of connections loses.

Connections are made over an address of a namespace's loopback that is in a Docker subnet, so that both ends count.
"""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from bench.figures import US, Row, Times, judged, number
from bench.netns import OWN, entered, new_namespaces
from bench.scale import Scale
from exporter.core.connections.reading import Interest, Near
from exporter.core.connections.reading import Row as End
from exporter.errors import SourceError
from exporter.kernel.connections.counter import ConnectionCounter

ADDRESS, SUBNET, PORT = "10.77.0.1", "10.77.0.0/24", 8080
CONNECTIONS, FLOOD, CLIENTS = 1000, 40_000, 2
GOAL_US, GOAL_SHARE = 2, 0.001
ACCEPT_SECONDS = 0.5
AT_ONCE = b"\1\0\0\0\0\0\0\0"  # struct linger: close with a RST, which leaves no socket behind
CLIENT = """
import socket, sys
address, port, count, linger = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), bytes.fromhex(sys.argv[4])
for _ in range(count):
    sock = socket.create_connection((address, port))
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    sock.close()
"""


def rows(scale: Scale) -> Iterator[Row]:
    """The table's rows."""
    [namespace] = new_namespaces(1)
    with entered(namespace):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        subprocess.run(["ip", "address", "add", f"{ADDRESS}/32", "dev", "lo"], check=True)
        try:
            with closing(_loaded()):
                pass
        except (OSError, SourceError) as error:
            yield Row("connections: cost", against=f"not measured: {error}")
            return
        yield _by_turns(max(4, scale.bursts))
        yield _flood()


def _loaded() -> ConnectionCounter:
    counter = ConnectionCounter(Path("/sys"))
    counter.open()
    counter.update(Interest({SUBNET: Near.SUBNET}))
    return counter


def _by_turns(turns: int) -> Row:
    without, armed = Times(), Times()
    with socket.create_server((ADDRESS, PORT)) as server:
        for _ in range(turns):
            without.all.append(_warm(server))
            with closing(_loaded()) as counter:
                counter.attach()
                armed.all.append(_warm(server))
    more = (armed.least - without.least) * US
    goal = judged(f"at most {GOAL_US} us an end", met=more / 2 <= GOAL_US)
    against = f"without: {without.text(US, 'us')}; {number(more)} us more"
    return Row("connections: CPU of one, both ends", f"{CONNECTIONS}", armed.text(US, "us"), against, goal)


def _warm(server: socket.socket) -> float:
    """Measure a second time: the first one pays for caches that loading has emptied."""
    _connect(server)
    return _connect(server)


def _connect(server: socket.socket) -> float:
    """Nanoseconds of CPU for a connection: both ends are in this thread, and its packets in its softirqs."""
    started = time.thread_time_ns()
    for _ in range(CONNECTIONS):
        client = socket.create_connection((ADDRESS, PORT))
        accepted, _ = server.accept()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        client.close()
        accepted.close()
    return (time.thread_time_ns() - started) / CONNECTIONS


def _flood() -> Row:
    with closing(_loaded()) as counter, socket.create_server((ADDRESS, PORT), backlog=4096) as server:
        counter.attach()
        argv = [sys.executable, "-c", CLIENT, ADDRESS, str(PORT), str(FLOOD // CLIENTS), AT_ONCE.hex()]
        clients = [subprocess.Popen(argv) for _ in range(CLIENTS)]
        server.accept()[0].close()
        started = time.monotonic()
        accepted = 1 + _accept_all(server, clients)
        seconds = time.monotonic() - started - ACCEPT_SECONDS
        reading = counter.read()
    here = Path(OWN).stat().st_ino
    ends = [row for row in reading.rows if (row.end.netns, row.end.port) == (here, PORT)]
    return _judged_flood(ends, reading.lost, accepted, FLOOD / seconds)


def _accept_all(server: socket.socket, clients: list["subprocess.Popen[bytes]"]) -> int:
    """Return how many were accepted: those that end before their last ACK was taken are not."""
    server.settimeout(ACCEPT_SECONDS)
    accepted = 0
    while True:
        try:
            server.accept()[0].close()
        except TimeoutError:
            if all(client.poll() is not None for client in clients):
                return accepted
        else:
            accepted += 1


def _judged_flood(ends: list[End], lost: int, accepted: int, rate: float) -> Row:
    """Each connection has one or two ends here, each of which begins, and ends or lives."""
    expected = 2 * (FLOOD + accepted)
    missing = expected - sum(end.counts.established + end.counts.ended + end.living.established for end in ends)
    goal = judged("at most 0.1 % missing, and lost has them", met=0 <= missing <= min(lost, GOAL_SHARE * expected))
    return Row("connections: flood", f"{FLOOD}", f"{rate:.0f} a second", f"missing {missing}, lost {lost}", goal)
