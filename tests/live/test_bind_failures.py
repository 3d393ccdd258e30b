"""Refused binds on a real engine: whose they were, also of containers that are gone at once, and who had none."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import docker
import pytest

from exporter.core.ports.bind_failures import BindFailureCounts, RefusedBind
from exporter.core.ports.claims import PortClaims, port_claims
from exporter.errors import SourceError
from exporter.kernel.bind_failures.attachment import ALL
from exporter.kernel.bind_failures.watcher import BindFailures
from tests.support.live.shop import IMAGE
from tests.support.live.watched import Watched
from tests.support.private_host.engines import tool
from tests.support.private_host.host import PrivateHost
from tests.support.waiting import until

ONE_ENGINE = pytest.mark.parametrize("host", ["bookworm"], indirect=True)
IN_USE = "bind: Address already in use"


class Refused:
    """What is told of one host's containers and of its network namespaces."""

    def __init__(self, failures: BindFailures) -> None:
        self._failures = failures
        self._told: list[RefusedBind] = []

    def of(self, container: Any) -> list[tuple[str, str, int]]:
        """Protocol, address and port of each refusal to a container's processes, until now."""
        self._told += self._failures.drain()
        return [(each.protocol, each.address, each.port) for each in self._told if each.container_id == container.id]

    def several(self, container: Any) -> bool:
        """Whether there were three at least, each told in a look of its own."""
        return len(self.of(container)) >= 3

    def outside(self, netns: int) -> list[RefusedBind]:
        """Those to processes of no container, in a network namespace."""
        self._told += self._failures.drain()
        return [each for each in self._told if each.netns == netns and not each.container_id]

    def forget(self) -> None:
        """Begin anew."""
        self._failures.drain()
        self._told = []


@pytest.fixture
def refused() -> Iterator[Refused]:
    failures = BindFailures(Path("/sys"), ALL)
    try:
        failures.open()
    except SourceError as error:
        pytest.skip(f"this kernel lets no such program in: {error}")
    yield Refused(failures)
    failures.close()


def netns_of(host: PrivateHost) -> int:
    return Path(f"/proc/{host.pid}/ns/net").stat().st_ino


def run(host: PrivateHost, name: str, script: str, **options: Any) -> Any:
    """Run a shell script in a container, in the host's network namespace unless told."""
    options = {"network_mode": "host", **options}
    return host.client().containers.run(IMAGE, ["sh", "-c", script], name=name, detach=True, **options)


def ended(container: Any) -> int:
    """Wait for its end; its exit code."""
    return int(container.wait(timeout=60)["StatusCode"])


def listens(container: Any, port: int) -> bool:
    """Whether anybody does in its network namespace."""
    return bool(container.exec_run(["sh", "-c", f"netstat -ltn | grep -q ':{port} '"]).exit_code == 0)


@contextmanager
def held(host: PrivateHost, port: int, address: str = "0.0.0.0") -> Iterator[None]:
    """A process of the host listens."""
    with host.netns():
        holder = socket.create_server((address, port))
    with holder:
        yield


@ONE_ENGINE
def test_a_container_that_is_gone_within_milliseconds_is_told_by_its_id(
    clean_host: PrivateHost, refused: Refused
) -> None:
    with held(clean_host, 8080):
        containers = [
            clean_host.client().containers.create(
                IMAGE, ["httpd", "-f", "-p", "8080"], network_mode="host", auto_remove=True
            )
            for _ in range(10)
        ]
        for container in containers:
            container.start()
        until(lambda: not clean_host.api().containers(all=True), 60, "all of them removed")
    assert [refused.of(container) for container in containers] == [[("tcp", "::", 8080)]] * 10


@ONE_ENGINE
def test_a_container_in_anothers_namespace_is_told_and_not_its_owner(clean_host: PrivateHost, refused: Refused) -> None:
    owner = run(clean_host, "owner", "exec httpd -f -p 80", network_mode="bridge")
    until(lambda: listens(owner, 80), 30, "the owner listens")
    sharer = run(clean_host, "sharer", "exec httpd -f -p 127.0.0.1:80", network_mode="container:owner")
    assert ended(sharer) == 1
    assert refused.of(sharer) == [("tcp", "127.0.0.1", 80)]
    assert refused.of(owner) == []


@ONE_ENGINE
def test_a_service_that_retries_is_told_as_often_as_it_tries(clean_host: PrivateHost, refused: Refused) -> None:
    """By the restarts of the engine, by itself, and while it serves another port."""
    with held(clean_host, 8080):
        restarted = run(clean_host, "restarted", "exec httpd -f -p 8080", restart_policy={"Name": "always"})
        retrying = run(clean_host, "retrying", "until httpd -f -p 8080; do sleep 0.1; done")
        serving = run(clean_host, "serving", "httpd -p 8083; while sleep 0.1; do httpd -f -p 8080; done")
        for container in (restarted, retrying, serving):
            until(partial(refused.several, container), 60, "three refusals")
            assert set(refused.of(container)) == {("tcp", "::", 8080)}


@pytest.mark.parametrize(
    "script",
    [
        f"echo '{IN_USE}'; exec httpd -f -p 8081",
        f"httpd -p 8082; while sleep 0.1; do echo '{IN_USE}'; done",
        f"while sleep 0.1; do echo '{IN_USE}'; done",
        f"echo '{IN_USE}'; exit 1",
        f"echo '{IN_USE}'",
    ],
)
@ONE_ENGINE
def test_who_only_says_so_is_not_told(clean_host: PrivateHost, refused: Refused, script: str) -> None:
    """Servers, a client, and jobs that failed or succeeded; the port in question is held meanwhile."""
    with held(clean_host, 8080):
        container = run(clean_host, "says-so", script)
        until(lambda: container.logs().count(IN_USE.encode()) > script.startswith(("while", "httpd")), 60, "the line")
        assert refused.of(container) == []


@ONE_ENGINE
def test_who_got_the_port_in_the_end_is_told_no_more(clean_host: PrivateHost, refused: Refused) -> None:
    with held(clean_host, 8080):
        container = run(clean_host, "recovered", "until httpd -p 8080; do sleep 0.05; done; exec sleep 1000")
        until(lambda: refused.of(container), 60, "a refusal")
    until(lambda: listens(container, 8080), 60, "it listens")
    refused.forget()
    until(lambda: IN_USE.encode() in container.logs(), 30, "the line that tells of the refusal")
    assert listens(container, 8080)
    assert refused.of(container) == []


@pytest.mark.parametrize("published", ["8081", ("127.0.0.1", 8081)], ids=str)
def test_what_is_refused_to_the_engine_counts_for_the_container_that_it_was_for(
    clean_host: PrivateHost, refused: Refused, published: Any
) -> None:
    """Older engines leave the bind to docker-proxy, newer ones bind themselves."""
    counts = BindFailureCounts(netns_of(clean_host))
    with held(clean_host, 8081), Watched(clean_host) as watched:
        web = clean_host.client().containers.create(IMAGE, ["sleep", "1000"], name="web", ports={"80/tcp": published})
        with pytest.raises(docker.errors.APIError, match="address already in use"):
            web.start()
        until(lambda: wants(watched, "web", 8081), 30, "the engine's word on what web wants")
        inventory = watched.topology().inventory
        counts.update_inventory(inventory)
        told = refused.outside(netns_of(clean_host))
        counts.count(told, port_claims(inventory, []), time.time())
    assert {each.comm for each in told} <= {"docker-proxy", "dockerd"}
    assert list(counts.counts()) == [("web", "tcp", "8081")]


def wants(watched: Watched, name: str, port: int) -> bool:
    return name in port_claims(watched.topology().inventory, []).wanted.get(("tcp", port), frozenset())


@ONE_ENGINE
def test_a_process_of_the_host_that_wants_a_containers_port_counts_under_its_name(
    clean_host: PrivateHost, refused: Refused
) -> None:
    counts = BindFailureCounts(netns_of(clean_host))
    clean_host.client().containers.run(IMAGE, ["sleep", "1000"], name="web", detach=True, ports={"80/tcp": "8081"})
    for port in (8081, 8082):
        with held(clean_host, 8082):
            assert clean_host.run(str(tool("busybox")), "httpd", "-f", "-p", str(port), check=False).returncode
    told = refused.outside(netns_of(clean_host))
    counts.count(told, PortClaims(held=frozenset({("tcp", 8081)})), time.time())
    assert counts.counts() == {("busybox", "tcp", "8081"): 1}
