"""Whose a socket is, by what is known of its cgroup and of the process that has it."""

import pytest
from msgspec.structs import replace

from exporter.core.model.container_details import Details, PortBinding
from exporter.core.model.docker import Container, Inventory, Member
from exporter.core.model.sockets import ListeningSocket, Owner
from exporter.core.ports.socket_owner import (
    KnownContainers,
    Process,
    Proxy,
    known_containers,
    owner_of,
    with_watched_namespace,
)
from tests.support import builders

SOCKET = ListeningSocket("tcp", "0.0.0.0", 8080)
DOCKERD = Process(10, "dockerd", uid=0)


def proxy(container_ip: str, *, name: str = "docker-proxy", uid: int = 0, parent: str = "dockerd") -> Process:
    """A docker-proxy that leads there."""
    return Process(11, name, (), Proxy("tcp", "0.0.0.0", 8080, container_ip), uid, parent)


def publishing(container: Container, *bindings: PortBinding) -> Container:
    """The container with these ports in effect."""
    return replace(container, details=Details(published=bindings))


def host(*containers: Container) -> KnownContainers:
    """What is known of containers on the bridge network `front`."""
    return known_containers(builders.inventory(builders.network("front"), *containers))


WEB = builders.run("web", network="front", ip="172.18.0.2")
KNOWN = host(WEB, builders.run("db", network="front", ip="172.18.0.3"))


@pytest.mark.parametrize(
    ("cgroup", "process", "owner"),
    [
        (("web-id",), None, Owner("container", "web", "web-id")),
        (("other", "web-id", "another"), None, Owner("container", "web", "web-id")),
        (("web-id", "db-id"), None, Owner("container", "db", "db-id")),
        (("web-id",), DOCKERD, Owner("container", "web", "web-id")),
        ((), Process(20, "nginx", ("db-id",)), Owner("container", "db", "db-id")),
        ((), Process(20, "nginx", ("other",)), Owner("process", "nginx")),
        (("other",), Process(20, "nginx"), Owner("process", "nginx")),
        ((), proxy("172.18.0.3"), Owner("docker-proxy", "db", "db-id")),
        ((), proxy("172.18.0.3", name="docker-proxy-current"), Owner("docker-proxy", "db", "db-id")),
        ((), proxy("172.18.0.3", parent="systemd"), Owner("docker-proxy", "db", "db-id")),
        ((), proxy("172.18.0.99"), Owner("docker-proxy", foreign_target="172.18.0.99")),
        ((), proxy("172.18.0.3", uid=1000), Owner("process", "docker-proxy")),
        ((), Process(20, "docker-proxy", uid=0), Owner("process", "docker-proxy")),
        ((), DOCKERD, Owner("engine")),
        ((), replace(DOCKERD, uid=1000), Owner("process", "dockerd")),
        ((), Process(20, "rootlesskit", uid=0), Owner("engine")),
        ((), replace(DOCKERD, kin=True), Owner("engine")),
        ((), replace(DOCKERD, kin=False), Owner("process", "dockerd")),
        ((), replace(proxy("172.18.0.3"), kin=True), Owner("docker-proxy", "db", "db-id")),
        ((), replace(proxy("172.18.0.3"), kin=False), Owner("process", "docker-proxy")),
        ((), replace(proxy("172.18.0.99"), kin=False), Owner("docker-proxy", foreign_target="172.18.0.99")),
        ((), None, Owner()),
        (("other",), None, Owner()),
    ],
)
def test_an_owner(cgroup: tuple[str, ...], process: Process | None, owner: Owner) -> None:
    assert owner_of(SOCKET, cgroup, process, KNOWN) == owner
    assert owner.known == (owner != Owner())


@pytest.mark.parametrize(
    ("host_ip", "address", "publisher"),
    [
        ("0.0.0.0", "0.0.0.0", "web"),
        ("", "0.0.0.0", "web"),
        ("", "::", "web"),
        ("127.0.0.1", "127.0.0.1", "web"),
        ("127.0.0.1", "0.0.0.0", ""),
        ("0.0.0.0", "127.0.0.1", ""),
        ("", "127.0.0.1", ""),
    ],
)
def test_the_engine_listens_for_whoever_publishes_just_that(host_ip: str, address: str, publisher: str) -> None:
    known = host(publishing(WEB, PortBinding("tcp", 80, host_ip, 8080, 8080)))
    assert owner_of(replace(SOCKET, address=address), (), DOCKERD, known).name == publisher
    assert owner_of(replace(SOCKET, port=8081), (), DOCKERD, known) == Owner("engine")
    assert owner_of(replace(SOCKET, protocol="udp"), (), DOCKERD, known) == Owner("engine")


def test_a_proxy_to_an_address_that_is_not_known_yet_is_for_whoever_publishes_the_port() -> None:
    known = host(publishing(builders.run("web"), PortBinding("tcp", 80, "0.0.0.0", 8080, 8080)))
    assert owner_of(SOCKET, (), proxy("172.18.0.2"), known) == Owner("docker-proxy", "web", "web-id")


@pytest.mark.parametrize("parent", ["systemd", "dockerd"], ids=["left behind", "of another engine"])
def test_a_proxy_to_an_address_that_the_publisher_does_not_have_is_not_its(parent: str) -> None:
    known = host(publishing(WEB, PortBinding("tcp", 80, "0.0.0.0", 8080, 8080)))
    found = owner_of(SOCKET, (), proxy("172.19.0.2", parent=parent), known)
    assert found == Owner("docker-proxy", foreign_target="172.19.0.2")


@pytest.mark.parametrize(
    ("engine_uid", "uid", "kind"),
    [
        (1000, 1000, "engine"),
        (1000, 1001, "process"),
        (1000, 0, "process"),
        (None, 1001, "engine"),
        (0, 1000, "process"),
    ],
)
def test_the_engine_is_a_process_of_its_user(engine_uid: int | None, uid: int, kind: str) -> None:
    known = replace(KNOWN, engine_uid=engine_uid)
    socket = replace(SOCKET, uid=uid)
    assert owner_of(socket, (), Process(20, "rootlesskit", uid=uid), known).kind == kind
    assert owner_of(replace(SOCKET, uid=4), (), Process(20, "x", uid=uid), known).kind == "process"


def test_addresses_are_those_of_bridge_networks() -> None:
    """An overlay may have the same addresses; a task's port leads to its place on the gateway network."""
    inventory = builders.inventory(
        builders.network("front"),
        builders.network("mesh", driver="overlay"),
        builders.network("docker_gwbridge"),
        builders.connect(builders.run("web", network="front", ip="172.18.0.2"), "mesh", ip="10.0.1.5"),
    )
    task = Member("task-id", "gateway_1", "endpoint", ip_address="172.19.0.3", ip6_address="fd00::3")
    inventory = replace(inventory, members={"docker_gwbridge-net": (task,)})
    found = known_containers(inventory).addresses
    assert found == {"172.18.0.2": "web-id", "172.19.0.3": "task-id", "fd00::3": "task-id"}


def test_declared_are_exposed_configured_and_published_ports_ranges_whole() -> None:
    details = Details(
        exposed=(("udp", 5353),),
        bindings=(PortBinding("udp", 53, "", 40053, 40055), PortBinding("tcp", 80, "", 0, 0)),
        published=(PortBinding("tcp", 80, "0.0.0.0", 32768, 32768),),
    )
    found = host(replace(WEB, details=details)).declared
    assert found == {("udp", 5353), ("udp", 40053), ("udp", 40054), ("udp", 40055), ("tcp", 0), ("tcp", 32768)}


def test_nothing_is_known_of_an_empty_inventory() -> None:
    assert known_containers(Inventory()) == KnownContainers()


def failing(container: Container) -> Container:
    """It ended with an error."""
    return replace(container, details=Details(exit_code=1))


def test_who_publishes_and_whose_namespace_is_shared_is_looked_into() -> None:
    binding = PortBinding("tcp", 80, "", 8080, 8080)
    inventory = builders.inventory(
        publishing(builders.run("web"), binding),
        builders.run("quiet"),
        builders.run("shared"),
        builders.run("sidecar", network="container:shared-id"),
        builders.run("named"),
        builders.run("other sidecar", network="container:named"),
        builders.run("inner", network="container:sidecar-id"),
        publishing(builders.run("hostmode", network="host"), binding),
        builders.stop(publishing(builders.run("stopped"), binding)),
        builders.run("lonely"),
        builders.stop(builders.run("dead sidecar", network="container:lonely-id")),
        builders.run("wanted"),
        failing(builders.stop(builders.run("failed sidecar", network="container:wanted-id"))),
    )
    assert [container.name for container in with_watched_namespace(inventory)] == ["web", "shared", "named", "wanted"]
