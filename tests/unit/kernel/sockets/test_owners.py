"""Listening sockets with their owners: by cgroups, by processes, by the inventory of the moment."""

import socket
from pathlib import Path

import pytest
from msgspec.structs import replace

from exporter.core.model.container_details import Details, PortBinding
from exporter.core.model.docker import Container, Inventory
from exporter.core.model.sockets import BoundSocket, HostSockets, ListeningSocket, Owner
from exporter.kernel.sockets.listeners import Listening
from exporter.kernel.sockets.owners import SocketOwners
from exporter.kernel.sockets.processes import sees_all_processes
from tests.support import builders
from tests.support.kernel.cgroup_tree import Tree
from tests.support.kernel.fake_proc import DOCKER_PROXY, FakeProc

WEB_ID = "a1" * 32
LOCAL_PORTS = 32768, 60999


class Host:
    """A host in files: its cgroups, its processes, and the sockets that the kernel would tell."""

    def __init__(self, folder: Path, *, whole: bool = True) -> None:
        self.now = 1000.0
        self.cgroups = Tree(folder / "sys")
        self.proc = FakeProc(folder / "proc", whole=whole)
        (folder / "proc").mkdir(exist_ok=True)
        self.owners = SocketOwners(folder / "proc", folder / "sys", lambda: self.now)
        self.sockets: tuple[ListeningSocket, ...] = ()
        self.inventory = Inventory()

    def listen(self, port: int, *, protocol: str = "tcp", cgroup: int = 0) -> None:
        """One more socket; its inode is its port."""
        self.sockets += (ListeningSocket(protocol, "0.0.0.0", port, inode=port, cgroup_id=cgroup),)

    def know(self, *containers: Container) -> None:
        """The engine tells of these containers on the network `front`."""
        self.inventory = builders.inventory(builders.network("front"), *containers)

    def told(self) -> HostSockets:
        """What is told now."""
        return self.owners.resolve(Listening(self.sockets), self.inventory, LOCAL_PORTS)

    def by_port(self) -> dict[int, Owner]:
        """The same, by ports."""
        return {listener.socket.port: listener.owner for listener in self.told().listeners}

    def reasons(self) -> list[str]:
        """What is said to be missing."""
        return [degraded.reason for degraded in self.owners.degraded()]


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def web(name: str = "web") -> Container:
    return builders.run(name, network="front", ip="172.17.0.2", container_id=WEB_ID)


def test_a_container_is_told_by_the_cgroup_without_any_process(host: Host) -> None:
    host.know(web())
    host.listen(80, cgroup=host.cgroups.make(f"docker/{WEB_ID}"))
    assert host.told() == HostSockets(host.told().listeners, complete=True, local_ports=LOCAL_PORTS)
    assert host.by_port() == {80: Owner("container", "web", WEB_ID)}


def test_without_cgroups_a_container_is_told_by_the_process(host: Host) -> None:
    """Of version 1, or of an engine whose runtime puts nobody into version 2."""
    host.know(web())
    host.proc.process(20, "nginx", 80, cgroup=f"/docker/{WEB_ID}")
    host.listen(80, cgroup=1)
    assert host.by_port() == {80: Owner("container", "web", WEB_ID)}


def test_a_container_that_the_engine_has_not_told_yet_is_a_process_until_then(host: Host) -> None:
    cgroup = host.cgroups.make(f"docker/{WEB_ID}", 20)
    host.proc.process(20, "nginx", 80, cgroup=f"/docker/{WEB_ID}")
    host.listen(80, cgroup=cgroup)
    assert host.by_port() == {80: Owner("process", "nginx")}
    host.know(web())
    assert host.by_port() == {80: Owner("container", "web", WEB_ID)}


def test_a_proxy_is_its_containers_by_the_name_of_the_moment(host: Host) -> None:
    host.know(web())
    host.proc.process(10, "dockerd")
    host.proc.process(20, "docker-proxy", 8080, words=DOCKER_PROXY, parent=10)
    host.listen(8080)
    assert host.by_port() == {8080: Owner("docker-proxy", "web", WEB_ID)}
    assert {name: [*pids] for name, pids in host.owners.proxies().items()} == {"web": [20]}
    host.know(web("renamed"))
    assert host.by_port() == {8080: Owner("docker-proxy", "renamed", WEB_ID)}
    assert {name: [*pids] for name, pids in host.owners.proxies().items()} == {"renamed": [20]}


@pytest.mark.parametrize("name", ["docker-proxy-current", "docker-proxy", "x"])
def test_a_proxy_is_one_whatever_its_file_is_called(name: str, host: Host) -> None:
    host.know(web())
    host.proc.process(10, "dockerd")
    host.proc.process(20, name, 8080, words=DOCKER_PROXY, parent=10)
    host.listen(8080)
    assert host.by_port() == {8080: Owner("docker-proxy", "web", WEB_ID)}


@pytest.mark.parametrize(("name", "words"), [("docker-proxy", DOCKER_PROXY), ("dockerd", ())])
def test_a_process_of_another_user_is_one_whatever_it_calls_itself(
    name: str, words: tuple[str, ...], host: Host
) -> None:
    host.know(web())
    host.proc.process(20, name, 8080, words=words, uid=1000)
    host.listen(8080)
    assert host.by_port() == {8080: Owner("process", name)}


def test_a_cgroup_that_a_user_has_made_is_no_container(host: Host) -> None:
    host.know(web())
    path = f"user.slice/user-1000.slice/user@1000.service/docker/{WEB_ID}"
    host.proc.process(20, "nc", 8080, cgroup=f"/{path}", uid=1000)
    host.listen(8080, cgroup=host.cgroups.make(path, 20))
    assert host.by_port() == {8080: Owner("process", "nc")}


def test_below_its_user_the_containers_of_a_rootless_engine_are_its(host: Host) -> None:
    host.know(web())
    engine = replace(builders.ENGINE, uid=1000)
    host.inventory = replace(host.inventory, engine=engine)
    path = f"user.slice/user-1000.slice/user@1000.service/user.slice/docker-{WEB_ID}.scope"
    host.listen(8080, cgroup=host.cgroups.make(path))
    assert host.by_port() == {8080: Owner("container", "web", WEB_ID)}


def test_the_same_sockets_and_containers_are_the_same_object(host: Host) -> None:
    host.know(web())
    host.proc.process(20, "nginx", 80)
    host.listen(80)
    first = host.told()
    assert host.told() is first
    host.know(web(), builders.run("other", network="front"))
    assert host.told() is first
    for _ in range(5):
        host.now += 15
        assert host.told() is first


def test_another_holder_is_another_object(host: Host) -> None:
    host.proc.process(20, "parent", 80)
    host.proc.process(30, "child", 80)
    host.listen(80)
    first = host.told()
    host.proc.end(20)
    host.now += 15
    assert host.told() is not first
    assert host.by_port() == {80: Owner("process", "child")}


def test_udp_on_a_port_that_the_kernel_hands_out_is_told_only_where_it_is_declared(host: Host) -> None:
    host.proc.process(20, "resolver", 40053, 40054, 53)
    for port in (40053, 40054, 53):
        host.listen(port, protocol="udp")
    host.listen(40055)
    assert set(host.by_port()) == {53, 40055}
    host.know(replace(web(), details=Details(bindings=(PortBinding("udp", 53, "", 40053, 40053),))))
    assert set(host.by_port()) == {53, 40053, 40055}


def test_listeners_stand_in_the_order_of_protocol_and_port(host: Host) -> None:
    host.listen(443)
    host.listen(53, protocol="udp")
    host.listen(80)
    assert list(host.by_port()) == [80, 443, 53]


def test_what_only_hidden_processes_have_is_not_told_and_it_is_said_what_to_grant(tmp_path: Path) -> None:
    host = Host(tmp_path, whole=False)
    host.listen(80)
    assert host.by_port() == {80: Owner()}
    assert not host.told().complete
    assert host.reasons() == ["no_host_pids"]


def test_a_cgroup_tree_that_is_not_the_hosts_is_said_too(tmp_path: Path) -> None:
    host = Host(tmp_path, whole=False)
    host.listen(80, cgroup=1 << 40)
    host.told()
    assert host.reasons() == ["no_cgroup_tree", "no_host_pids"]


def test_nothing_is_said_to_be_missing_where_all_are_told(host: Host) -> None:
    assert host.told().complete
    host.proc.process(20, "nginx", 80)
    host.listen(80, cgroup=1 << 40)
    assert host.told().complete
    assert host.reasons() == []


def test_whoever_has_a_port_in_whatever_state_is_told_by_name() -> None:
    if not sees_all_processes(Path("/proc")):
        pytest.skip("needs the host's processes")
    name = Path("/proc/self/comm").read_text().strip()
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        port = client.getsockname()[1]
        owners = SocketOwners(Path("/proc"), Path("/sys"))
        (found,) = owners.read_bound([port], Inventory())
    assert found == BoundSocket("tcp", "127.0.0.1", port, "established", Owner("process", name))
