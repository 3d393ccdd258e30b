"""Outages for the demo: each breaks one thing on the host, and heals it."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import docker.errors

from deploy.demo.cases import IMAGE
from tests.support.private_host.host import PrivateHost
from tests.support.waiting import until

BIND = "import socket, sys, time; s = socket.socket(socket.AF_INET, {}); s.bind(('0.0.0.0', {})); {}; time.sleep(86400)"
SECONDS = 60


@dataclass(frozen=True, slots=True)
class Break:
    """`what` happens, the `kind` of the finding, and what `explain` is called with; `apply` heals when it is left."""

    what: str
    kind: str
    explain: tuple[str, ...]
    apply: Callable[[PrivateHost], AbstractContextManager[None]]


@contextmanager
def nat_flush(host: PrivateHost) -> Iterator[None]:
    """Flush the NAT table, as a firewall script does."""
    saved = host.run("iptables-save", "-t", "nat").stdout
    host.run("iptables", "-t", "nat", "-F")
    try:
        yield
    finally:
        host.run("iptables-restore", stdin=saved)


@contextmanager
def port_theft(host: PrivateHost) -> Iterator[None]:
    """Listen on a container's port while it restarts; what shares its network namespace is stopped."""
    web, sidecar = (host.client().containers.get(name) for name in ("shop-web-1", "shop-sidecar-1"))
    sidecar.stop(timeout=0)
    web.stop(timeout=0)
    try:
        with _held(host, "tcp", 8080):
            _start_refused(web)
            yield
    finally:
        web.start()
        sidecar.start()


@contextmanager
def bridge_down(host: PrivateHost) -> Iterator[None]:
    """Set the bridge of a network down."""
    bridge = f"br-{host.client().networks.get('shop_front').id[:12]}"
    host.run("ip", "link", "set", bridge, "down")
    try:
        yield
    finally:
        host.run("ip", "link", "set", bridge, "up")


@contextmanager
def dns(host: PrivateHost) -> Iterator[None]:
    """Let a resolver of the host listen on port 53 before the container of the name server restarts."""
    publish: dict[str, Any] = {"name": "resolver", "ports": {"53/udp": 53}, "detach": True}
    resolver = host.client().containers.run(IMAGE, ["sleep", "100000"], **publish)
    resolver.stop(timeout=0)
    try:
        with _held(host, "udp", 53):
            _start_refused(resolver)
            yield
        resolver.start()
    finally:
        resolver.remove(force=True)


@contextmanager
def _held(host: PrivateHost, protocol: str, port: int) -> Iterator[None]:
    kind, more = ("SOCK_STREAM", "s.listen()") if protocol == "tcp" else ("SOCK_DGRAM", "0")
    holder = host.popen(sys.executable, "-c", BIND.format(f"socket.{kind}", port, more))
    flag = "-Hlnt" if protocol == "tcp" else "-Hlnu"
    until(lambda: f":{port} " in host.run("ss", flag).stdout, SECONDS, "a holder")
    try:
        yield
    finally:
        _end(holder)


def _start_refused(container: "docker.models.containers.Container") -> None:
    try:
        container.start()
    except docker.errors.APIError:
        return
    raise RuntimeError(f"{container.name} started on a port that is held")


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait(SECONDS)


BREAKS = {
    "nat-flush": Break("a firewall script flushes the NAT table", "missing_dnat", ("8080",), nat_flush),
    "port-theft": Break("a process takes the port of a container that restarts", "start_failed", ("8080",), port_theft),
    "bridge-down": Break("the bridge of shop_front is set down", "bridge_down", ("8080",), bridge_down),
    "dns": Break("a resolver of the host takes the port of the name server", "start_failed", ("53/udp",), dns),
}
