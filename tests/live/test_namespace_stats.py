"""What really goes wrong between containers is shown on the one to which it happens, and on no other."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from exporter.core.model.docker import Inventory
from exporter.core.model.inventory import sandboxed
from exporter.core.observation import Observation
from exporter.core.topology.topology import join
from exporter.core.traffic.tcp_udp_ledger import NamespaceLedger, NamespaceStats
from exporter.docker_engine.watcher import EngineWatcher
from exporter.kernel.namespaces.sweep import sweep_statistics
from exporter.kernel.proc import read_cgroup_pid
from exporter.metrics import namespace
from exporter.metrics.templated import TemplatedRenderer
from tests.support.builders import devices
from tests.support.live.exposed import Metrics
from tests.support.live.shop import run, send
from tests.support.private_host.host import PrivateHost
from tests.support.waiting import until

INTERVAL = 0.2
NAMES = {
    "Tcp": {"RetransSegs": "tcp_retransmitted_segments", "OutSegs": "tcp_segments_sent", "OutRsts": "tcp_resets_sent"},
    "TcpExt": {
        "ListenOverflows": "tcp_listen_overflows",
        "ListenDrops": "tcp_listen_drops",
        "TCPTimeouts": "tcp_timeouts",
    },
    "Udp": {"RcvbufErrors": "udp_receive_buffer_errors"},
}

# Accepts nothing: of those who come, two are let in and the others are not.
DEAF = """
import signal, socket, sys
listener = socket.create_server(("", 7000), backlog=1)
print("listening", flush=True)
signal.pause()
"""
CROWD = """
import signal, socket, sys
sockets = [socket.socket() for _ in range(20)]
for sock in sockets:
    sock.setblocking(False)
    sock.connect_ex((sys.argv[1], 7000))
print("called", flush=True)
signal.pause()
"""
FULL = """
import socket
sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sink.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
sink.bind(("127.0.0.1", 7001))
for _ in range(50):
    sink.sendto(bytes(1000), ("127.0.0.1", 7001))
"""


class Namespaces:
    """The engine followed, the namespaces swept, the sums shown."""

    def __init__(self, host: PrivateHost) -> None:
        self._inventory = Inventory()
        self._ledger = NamespaceLedger()
        self.sweep = sweep_statistics(Path("/proc"), INTERVAL)
        self._engine = EngineWatcher(
            host.docker_url, lambda container_id: read_cgroup_pid(Path("/sys"), container_id), self._take
        )
        self._engine.start()
        self.sweep.start()

    def _take(self, inventory: Inventory) -> None:
        self._ledger.read(self._stats())  # before the sweep hears whose life has ended
        self._inventory = inventory
        self.sweep.update(sandboxed(inventory))
        self._ledger.follow(inventory)

    def _stats(self) -> dict[str, NamespaceStats]:
        return {key: found.stats for key, found in self.sweep.snapshot()[0].items()}

    def metrics(self) -> Metrics:
        """What an exposition would show."""
        _, age = self.sweep.snapshot()
        self._ledger.read(self._stats())
        seen = Observation(join(self._inventory, devices()), namespaces=self._ledger.counts(age))
        text, _, _ = TemplatedRenderer(namespace.GROUP).render(seen, openmetrics=False, limit=10_000)
        return Metrics(b"".join(text).decode())

    def counters(self, name: str) -> dict[str, float]:
        """A container's counters, those that it has."""
        metrics = self.metrics()
        found = {
            short: metrics.value(f"dockernet_container_{short}_total", container=name)
            for section in NAMES.values()
            for short in section.values()
        }
        return {short: value for short, value in found.items() if value is not None}

    def established(self, container: Any) -> int:
        """A container's connections as last read."""
        found = self._stats().get(container.id)
        return -1 if found is None else found.tcp_established

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._engine.stop()
        self.sweep.stop()


@pytest.fixture
def namespaces(clean_host: PrivateHost) -> Iterator[Namespaces]:
    clean_host.client().networks.create("front")
    with Namespaces(clean_host) as followed:
        yield followed


def truth(container: Any) -> dict[str, float]:
    """The same counters as the container itself sees them."""
    found = {}
    for file in ("snmp", "netstat"):
        lines = container.exec_run(["cat", f"/proc/net/{file}"]).output.decode().splitlines()
        for names, counts in zip(lines[::2], lines[1::2], strict=True):
            section, _, columns = names.partition(": ")
            by_name = dict(zip(columns.split(), counts.split()[1:], strict=True))
            found.update({short: float(by_name[name]) for name, short in NAMES.get(section, {}).items()})
    return found


def within(container: Any) -> tuple[str, ...]:
    """Words before a command that run it in the container's network and nowhere else of it."""
    container.reload()
    return ("nsenter", "-t", str(container.attrs["State"]["Pid"]), "-n")


def python(host: PrivateHost, container: Any, program: str, *arguments: str) -> Any:
    """Run a program in the container's network; return once it has said its first word."""
    process: Any = host.popen(*within(container), sys.executable, "-c", program, *arguments, stdout=subprocess.PIPE)
    assert process.stdout.readline()
    return process


def address(container: Any) -> str:
    container.reload()
    found: str = container.attrs["NetworkSettings"]["Networks"]["front"]["IPAddress"]
    return found


def agree(namespaces: Namespaces, *containers: Any) -> None:
    """Wait until each container's counters are those that it sees itself."""

    def equal() -> bool:
        return all(namespaces.counters(container.name) == truth(container) for container in containers)

    until(equal, 60, "equal counters")


def test_segments_lost_on_the_way_are_retransmissions_of_the_sender(
    clean_host: PrivateHost, namespaces: Namespaces
) -> None:
    sender, receiver, neighbour = (run(clean_host, name, network="front") for name in ("sender", "receiver", "quiet"))
    agree(namespaces, sender, receiver, neighbour)
    lose = ("-p", "tcp", "-m", "statistic", "--mode", "nth", "--every", "5", "--packet", "0", "-j", "DROP")
    clean_host.run(*within(receiver), "iptables", "-A", "INPUT", *lose)
    send(sender, receiver, 300_000, "front")
    agree(namespaces, sender, receiver, neighbour)
    assert namespaces.counters("sender")["tcp_retransmitted_segments"] >= 3
    assert namespaces.counters("sender")["tcp_segments_sent"] > 10
    assert set(namespaces.counters("quiet").values()) == {0}


def test_an_accept_queue_that_is_too_small_is_an_overflow_of_the_listener(
    clean_host: PrivateHost, namespaces: Namespaces
) -> None:
    deaf, caller = run(clean_host, "deaf", network="front"), run(clean_host, "caller", network="front")
    listener = python(clean_host, deaf, DEAF)
    crowd = python(clean_host, caller, CROWD, address(deaf))
    until(lambda: namespaces.counters("deaf").get("tcp_listen_overflows", 0) > 0, 60, "overflows")
    until(lambda: namespaces.counters("caller").get("tcp_timeouts", 0) > 0, 60, "time-outs of those not let in")
    until(lambda: namespaces.established(deaf) == 2, 60, "two connections that were let in")
    assert namespaces.counters("caller")["tcp_listen_overflows"] == 0
    for process in (crowd, listener):
        process.kill()
        process.wait(30)
        process.stdout.close()
    until(lambda: namespaces.established(deaf) == 0, 60, "no connection left")
    agree(namespaces, deaf, caller)
    counters = namespaces.counters("deaf")
    assert counters["tcp_listen_drops"] >= counters["tcp_listen_overflows"] > 0


def test_refused_connections_and_full_buffers_are_the_containers_own(
    clean_host: PrivateHost, namespaces: Namespaces
) -> None:
    closed, caller = run(clean_host, "closed", network="front"), run(clean_host, "caller", network="front")
    assert caller.exec_run(["nc", address(closed), "7002"]).exit_code
    clean_host.run(*within(closed), sys.executable, "-c", FULL)
    agree(namespaces, closed, caller)
    assert namespaces.counters("closed")["tcp_resets_sent"] == 1
    assert namespaces.counters("closed")["udp_receive_buffer_errors"] > 0
    assert namespaces.counters("caller")["tcp_resets_sent"] == 0
    assert namespaces.counters("caller")["udp_receive_buffer_errors"] == 0


def test_the_counters_go_on_over_a_restart_and_a_recreation(clean_host: PrivateHost, namespaces: Namespaces) -> None:
    web, db = run(clean_host, "web", network="front"), run(clean_host, "db", network="front")
    send(web, db, 100_000, "front")
    agree(namespaces, web, db)
    first = truth(web)
    web.restart(timeout=0)
    until(lambda: truth(web)["tcp_segments_sent"] == 0, 60, "a new namespace")
    until(lambda: namespaces.counters("web") == first, 60, "the sum of the life before")
    send(web, db, 200_000, "front")
    until(lambda: namespaces.counters("web") == added(first, truth(web)), 60, "the sum of two lives")
    second = namespaces.counters("web")
    web.remove(force=True)
    until(lambda: not namespaces.counters("web"), 60, "no container")
    web = run(clean_host, "web", network="front")
    until(lambda: namespaces.counters("web") == second, 60, "the sum of the container before")
    send(web, db, 50_000, "front")
    until(lambda: namespaces.counters("web") == added(second, truth(web)), 60, "the sum of three lives")


def added(first: dict[str, float], second: dict[str, float]) -> dict[str, float]:
    return {name: value + second[name] for name, value in first.items()}


def test_a_shared_namespace_is_read_once_and_the_hosts_not_at_all(
    clean_host: PrivateHost, namespaces: Namespaces
) -> None:
    web = run(clean_host, "web", network="front")
    run(clean_host, "sharer", network_mode="container:web")
    run(clean_host, "hostmode", network_mode="host")
    isolated = run(clean_host, "isolated", network_mode="none")
    agree(namespaces, web, isolated)
    assert namespaces.metrics().names("dockernet_container_tcp_segments_sent_total", "container") == {"web", "isolated"}


def test_nothing_is_read_twice_in_an_interval_or_kept_after_its_end(
    clean_host: PrivateHost, namespaces: Namespaces
) -> None:
    crowd = [run(clean_host, f"web-{number}", network="front") for number in range(3)]
    until(lambda: len(namespaces.sweep.snapshot()[0]) == 3, 60, "all three")

    def fresh() -> bool:
        age = namespaces.sweep.snapshot()[1]
        return age is not None and age < 2

    until(fresh, 60, "a reading of this moment")
    crowd[0].remove(force=True)
    until(lambda: set(namespaces.sweep.snapshot()[0]) == {c.id for c in crowd[1:]}, 60, "two left")
    assert namespaces.sweep.state().up
