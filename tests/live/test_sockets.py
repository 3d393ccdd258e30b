"""Whoever listens is told, on the host and in containers, and it is what `ss` tells."""

import os
import re
import signal
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from exporter.core.model.docker import Inventory
from exporter.core.model.kernel_sample import KernelSample
from exporter.core.model.sockets import HostSockets, ListeningSocket, ProxyUse
from exporter.docker_engine.watcher import EngineWatcher
from exporter.kernel.proc import read_cgroup_pid
from exporter.kernel.sockets.source import PortReader
from tests.support.live.exposed import Exporter
from tests.support.live.listening import FORK, HAND_OVER, Place, by_ss, listening
from tests.support.live.shop import IMAGE
from tests.support.private_host.host import PrivateHost
from tests.support.waiting import until

PROC, SYS = Path("/proc"), Path("/sys")
NO_SYS_PTRACE = ("setpriv", "--bounding-set", "-sys_ptrace", "--inh-caps", "-sys_ptrace")
NOBODY = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--bounding-set", "-all")
OWN_PIDS = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")

Owners = dict[Place, set[tuple[str, str]]]
on_one_engine = pytest.mark.parametrize("host", ["bookworm"], indirect=True, ids=["20.10.24"])


class Looking:
    """A host whose engine is followed and whose sockets are read."""

    def __init__(self, host: PrivateHost) -> None:
        self._host = host
        self._inventory = Inventory()
        with host.netns():
            self._ports = PortReader(PROC, SYS)
            self._ports.start()
        self._engine = EngineWatcher(host.docker_url, lambda cid: read_cgroup_pid(SYS, cid), self._take)
        self._engine.start()
        until(lambda: self._inventory.connected, 60, "an inventory")

    def look(self) -> KernelSample:
        """Read the sockets."""
        with self._host.netns():
            return self._ports.add_to(KernelSample(), self._inventory)

    def sockets(self) -> HostSockets:
        """Those of the host."""
        sockets = self.look().sockets
        assert sockets is not None
        return sockets

    def proxies(self) -> Mapping[str, ProxyUse]:
        """What docker-proxies cost, by container."""
        proxies = self.look().proxies
        assert proxies is not None
        return proxies

    def owners(self) -> Owners:
        """Kind and name of who listens where on the host."""
        found: Owners = {}
        for listener in self.sockets().listeners:
            found.setdefault(place(listener.socket), set()).add((listener.owner.kind, listener.owner.name))
        return found

    def shows(self, expected: Owners) -> None:
        """Wait until these owners, and no others, are told: the inventory is a moment behind the engine."""
        until(lambda: self.owners() == expected, 60, str(expected))

    def inside(self, container: Any) -> set[Place] | None:
        """Who listens in a container's namespace, as last read."""
        namespaces = self.look().namespace_sockets
        assert namespaces is not None
        found = namespaces.listeners.get(container.id)
        return None if found is None else {place(socket) for socket in found}

    def _take(self, inventory: Inventory) -> None:
        self._inventory = inventory

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._engine.stop()
        self._ports.stop()


def place(socket: ListeningSocket) -> Place:
    """Only of the wildcard it matters whether an IPv6 socket takes IPv4 too, and ss tells it of no other."""
    return Place(socket.protocol, socket.address, socket.port, socket.v6only and socket.address == "::")


@pytest.fixture
def looking(clean_host: PrivateHost) -> Iterator[Looking]:
    with Looking(clean_host) as made:
        yield made


def run(host: PrivateHost, name: str, *command: str, **options: Any) -> Any:
    """`docker run -d --name NAME busybox COMMAND`."""
    words = list(command) or ["sleep", "1000"]
    return host.client().containers.run(IMAGE, words, name=name, detach=True, **options)


def httpd(where: str) -> tuple[str, ...]:
    """A command that listens there, such as 127.0.0.1:8001."""
    return ("httpd", "-f", "-p", where)


@on_one_engine
def test_containers_that_share_the_hosts_namespace_are_told_by_their_cgroups(
    clean_host: PrivateHost, looking: Looking
) -> None:
    hostmode = run(clean_host, "hostmode", *httpd("127.0.0.1:8001"), network_mode="host")
    hostmode.exec_run(list(httpd("127.0.0.1:8002")), detach=True)
    run(clean_host, "sharer", *httpd("[::1]:8003"), network_mode="container:hostmode")
    looking.shows(
        {
            Place("tcp", "127.0.0.1", 8001): {("container", "hostmode")},
            Place("tcp", "127.0.0.1", 8002): {("container", "hostmode")},
            Place("tcp", "::1", 8003): {("container", "sharer")},
        }
    )
    assert by_ss(clean_host).keys() == looking.owners().keys()
    assert looking.sockets().complete


def test_published_ports_are_told_by_their_proxies(clean_host: PrivateHost, looking: Looking) -> None:
    run(clean_host, "web", ports={"80/tcp": [8080, ("127.0.0.1", 8081)], "53/udp": 40053})
    run(clean_host, "db", ports={"5432/tcp": ("127.0.0.1", 5432)})
    web, db = {("docker-proxy", "web")}, {("docker-proxy", "db")}
    looking.shows(
        {
            Place("tcp", "0.0.0.0", 8080): web,
            Place("tcp", "::", 8080, v6only=True): web,
            Place("tcp", "127.0.0.1", 8081): web,
            Place("udp", "0.0.0.0", 40053): web,
            Place("udp", "::", 40053, v6only=True): web,
            Place("tcp", "127.0.0.1", 5432): db,
        }
    )
    said = by_ss(clean_host)
    assert said.keys() == looking.owners().keys()
    assert set.union(*said.values()) == {"docker-proxy"}
    until(lambda: looking.proxies()["db"].resident_memory, 60, "memory read")
    use = looking.proxies()
    assert {name: cost.processes for name, cost in use.items()} == {"web": 5, "db": 1}
    assert 1 << 20 < use["db"].resident_memory < 1 << 26


@on_one_engine
def test_a_docker_proxy_that_a_signal_stops_is_noticed_until_it_goes_on(
    clean_host: PrivateHost, looking: Looking
) -> None:
    run(clean_host, "db", ports={"5432/tcp": ("127.0.0.1", 5432)})
    looking.shows({Place("tcp", "127.0.0.1", 5432): {("docker-proxy", "db")}})
    listed = clean_host.run("ss", "-Hltnp", "sport", "=", ":5432").stdout
    pids = {int(pid) for pid in re.findall(r"pid=(\d+)", listed)}

    def send(number: signal.Signals) -> None:
        for pid in pids:
            os.kill(pid, number)

    send(signal.SIGSTOP)
    until(lambda: looking.proxies()["db"].stopped == {("tcp", 5432)}, 60, "a stopped docker-proxy")
    send(signal.SIGCONT)
    until(lambda: looking.proxies()["db"].stopped == frozenset(), 60, "none that is stopped")


def test_the_engine_itself_listens_where_there_is_no_userland_proxy(new_host: Callable[..., PrivateHost]) -> None:
    host = new_host(flags=["--userland-proxy=false"])
    host.start().load_image()
    run(host, "web", ports={"80/tcp": 8080, "53/udp": 8053})
    with Looking(host) as looking:
        web = {("engine", "web")}
        looking.shows({Place("tcp", "0.0.0.0", 8080): web, Place("udp", "0.0.0.0", 8053): web})
        assert looking.proxies() == {}


@on_one_engine
def test_processes_of_the_host_are_told_by_their_names(clean_host: PrivateHost, looking: Looking) -> None:
    claims = ("tcp,0.0.0.0,9001", "udp,127.0.0.1,9002", "tcp,::,9003", "udp,::,9004,v6only")
    server = {("process", "server")}
    expected = {
        Place("tcp", "0.0.0.0", 9001): server,
        Place("udp", "127.0.0.1", 9002): server,
        Place("tcp", "::", 9003): server,
        Place("udp", "::", 9004, v6only=True): server,
        Place("tcp", "0.0.0.0", 9005): {("process", "first"), ("process", "second")},
    }
    with (
        listening(clean_host, "server", *claims),
        listening(clean_host, "first", "tcp,0.0.0.0,9005,shared"),
        listening(clean_host, "second", "tcp,0.0.0.0,9005,shared"),
    ):
        looking.shows(expected)
        assert by_ss(clean_host) == {where: {name for _, name in told} for where, told in expected.items()}


@on_one_engine
def test_a_socket_belongs_to_whoever_has_it_now(clean_host: PrivateHost, looking: Looking) -> None:
    """Forked, it is the older one's until that ends; handed over, it is the taker's."""
    forked, passed = Place("tcp", "127.0.0.1", 9101), Place("tcp", "127.0.0.1", 9102)
    with (
        listening(clean_host, "parent", "tcp,127.0.0.1,9101", then=FORK) as parent,
        listening(clean_host, "maker", "tcp,127.0.0.1,9102", then=HAND_OVER),
    ):
        looking.shows({forked: {("process", "parent")}, passed: {("process", "taker")}})
        assert by_ss(clean_host) == {forked: {"parent", "child"}, passed: {"taker"}}
        parent.stdin.write("end\n")
        parent.stdin.close()
        looking.shows({forked: {("process", "child")}, passed: {("process", "taker")}})


@on_one_engine
def test_what_the_kernel_itself_listens_on_is_its_own(clean_host: PrivateHost, looking: Looking) -> None:
    clean_host.run("ip", "link", "add", "tunnel", "type", "vxlan", "id", "42", "dstport", "4789")
    clean_host.run("ip", "link", "set", "tunnel", "up")
    try:
        told = {("process", "kernel")}
        looking.shows({Place("udp", "0.0.0.0", 4789): told})
        assert looking.sockets().complete
        assert looking.look().degraded == ()
    finally:
        clean_host.run("ip", "link", "del", "tunnel")


@on_one_engine
def test_a_removed_container_holds_nothing_any_more(clean_host: PrivateHost, looking: Looking) -> None:
    hostmode = run(clean_host, "hostmode", *httpd("127.0.0.1:8001"), network_mode="host")
    until(lambda: len(looking.owners()) == 1, 60, "the listener")
    hostmode.remove(force=True)
    looking.shows({})


@on_one_engine
def test_containers_are_looked_into_that_publish_or_are_shared(clean_host: PrivateHost, looking: Looking) -> None:
    web = run(clean_host, "web", *httpd("0.0.0.0:81"), ports={"80/tcp": 8080})
    shared = run(clean_host, "shared", *httpd("127.0.0.1:82"))
    run(clean_host, "sidecar", *httpd("127.0.0.1:83"), network_mode="container:shared")
    quiet = run(clean_host, "quiet", *httpd("127.0.0.1:84"))
    pid = web.client.api.inspect_container(web.id)["State"]["Pid"]
    enter = ("nsenter", "-t", str(pid), "-n")
    claims = ("tcp,127.0.0.1,80", "tcp,::,85,v6only", "tcp,::,86", "udp,127.0.0.1,87")
    expected = {
        Place("tcp", "0.0.0.0", 81),
        Place("tcp", "127.0.0.1", 80),
        Place("tcp", "::", 85, v6only=True),
        Place("tcp", "::", 86),
        Place("udp", "127.0.0.1", 87),
    }
    with listening(clean_host, "inner", *claims, before=enter):
        until(lambda: looking.inside(web) == expected, 60, "who listens in web")
        assert by_ss(clean_host, pid).keys() == expected
    until(lambda: looking.inside(shared) == {Place("tcp", "127.0.0.1", port) for port in (82, 83)}, 60, "shared")
    assert looking.inside(quiet) is None
    web.remove(force=True)
    until(lambda: looking.inside(web) is None, 60, "web forgotten")


@on_one_engine
def test_what_did_not_change_is_the_same_object(clean_host: PrivateHost, looking: Looking) -> None:
    run(clean_host, "web", ports={"80/tcp": 8080})
    until(lambda: ("docker-proxy", "web") in set().union(*looking.owners().values()), 60, "the proxy")
    until(lambda: looking.look().namespace_sockets.listeners, 60, "a look inside")  # type: ignore[union-attr]
    first, second = looking.look(), looking.look()
    assert second.sockets is first.sockets
    assert second.proxies is first.proxies
    assert first.namespace_sockets is not None
    assert second.namespace_sockets is not None
    assert second.namespace_sockets.listeners is first.namespace_sockets.listeners


@pytest.fixture
def open_engine(clean_host: PrivateHost) -> Iterator[PrivateHost]:
    """A host whose engine answers anybody, as it does the members of a group."""
    socket_file = Path(clean_host.docker_url.removeprefix("unix://"))
    before = {path: path.stat().st_mode for path in (socket_file, socket_file.parent)}
    socket_file.chmod(0o666)
    socket_file.parent.chmod(0o711)
    yield clean_host
    for path, mode in before.items():
        path.chmod(mode)


@on_one_engine
@pytest.mark.parametrize(
    ("before", "missing", "proxy", "process"),
    [
        ((), set(), ("docker-proxy", "web"), "server"),
        (NO_SYS_PTRACE, {"no_sys_ptrace"}, ("docker-proxy", "web"), ""),
        (OWN_PIDS, {"no_host_pids"}, ("process", ""), ""),
        (NOBODY, {"no_sys_ptrace"}, ("docker-proxy", "web"), ""),
    ],
    ids=["root", "no SYS_PTRACE", "own processes", "nobody"],
)
def test_without_a_right_it_says_so_and_tells_what_it_can(
    open_engine: PrivateHost, before: tuple[str, ...], missing: set[str], proxy: tuple[str, str], process: str
) -> None:
    """Containers are told by their cgroups, and docker-proxies by their command lines where these can be seen."""
    run(open_engine, "hostmode", *httpd("127.0.0.1:8001"), network_mode="host")
    run(open_engine, "web", ports={"80/tcp": ("127.0.0.1", 8080)})
    expected = {"8001": ("container", "hostmode"), "8080": proxy, "9001": ("process", process)}
    # A process with more rights than the exporter has may not be looked into without CAP_SYS_PTRACE.
    with (
        listening(open_engine, "server", "tcp,127.0.0.1,9001"),
        Exporter(open_engine, "--collector.disable-defaults", "--collector.port", before=before) as exporter,
    ):

        def told() -> dict[str, tuple[str, str]]:
            series = [labels for labels, _ in exporter.metrics().series("dockernet_host_listener_info")]
            return {each["port"]: (each["owner_kind"], each["owner"]) for each in series}

        until(lambda: told().items() >= expected.items(), 60, f"{expected} instead of {told()}")
        degraded = exporter.metrics().series("dockernet_collector_degraded", collector="sockets")
        assert {labels["reason"] for labels, _ in degraded} == missing
