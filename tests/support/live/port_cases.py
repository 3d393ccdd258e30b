"""Hosts spoiled as an operator would spoil them, and what must be found then."""

import sys
from pathlib import Path
from typing import Any

import docker
import pytest

from exporter.core.ports.rules import HOLD_SECONDS
from tests.support.live.listening import PRELUDE, by_ss
from tests.support.live.ports_watched import Found, PortsWatched
from tests.support.live.shop import IMAGE
from tests.support.private_host.engines import BUILT
from tests.support.private_host.host import PrivateHost
from tests.support.waiting import until

# This machine's Python, for containers that need options which no busybox knows.
SYSTEM = ("/usr", "/lib", "/lib64", "/etc", str(Path(sys.base_prefix)), str(Path(sys.prefix)))
SETTLED = 61.0  # seconds after which a container has had the time to start
WAIT = "\nsignal.pause()\n"
HTTPD = ("httpd", "-f", "-p")
ALL, IPV6 = "tcp 0.0.0.0 8080", "tcp :: 8080"
EXPOSED = [("8080", "tcp")]
on_one_engine = pytest.mark.parametrize("host", ["bookworm"], indirect=True, ids=["20.10.24"])


def create(host: PrivateHost, name: str, *command: str, **options: Any) -> str:
    """`docker create`; `publish` maps a container's port to the host's, `expose` are pairs of port and protocol."""
    api = host.api()
    publish: dict[Any, Any] = options.pop("publish", {})
    expose = [*options.pop("expose", ()), *[tuple(str(port).split("/")) for port in publish]]
    network, restart = options.pop("network", "bridge"), options.pop("restart", "")
    policy = {"Name": restart} if restart else None
    host_config = api.create_host_config(port_bindings=publish, restart_policy=policy, **options)
    host_config["NetworkMode"] = network  # docker-py refuses what the engine takes: a published port in host mode
    words = list(command) or ["sleep", "1000"]
    ports = [(int(port[0]), port[1] if len(port) > 1 else "tcp") for port in expose]
    created = api.create_container(IMAGE, words, name=name, ports=ports or None, host_config=host_config)
    return str(created["Id"])


def run(host: PrivateHost, name: str, *command: str, **options: Any) -> str:
    """`docker run -d`."""
    container_id = create(host, name, *command, **options)
    host.api().start(container_id)
    return container_id


def serves(host: PrivateHost, name: str, port: int) -> None:
    """Wait until somebody listens on a port of a container's network: whoever comes now is the second."""
    pid = state(host, name)["Pid"]
    until(lambda: any(place.port == port for place in by_ss(host, pid)), 60, f"{name} listens on {port}")


def binds(*claims: str, then: str = WAIT) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Options and command of a container in which a Python binds such as `tcp,0.0.0.0,8080,shared`."""
    mounts = [f"{folder}:{folder}:ro" for folder in SYSTEM]
    return {"binds": mounts}, (sys.executable, "-c", PRELUDE + then, "server", *claims)


def finds(looking: PortsWatched, *expected: Found, later: float = HOLD_SECONDS, what: str = "") -> None:
    """Wait until these conflicts, and no others, are found."""
    seen: list[set[Found]] = []

    def found() -> bool:
        seen[:] = [looking.found(later)]
        return seen == [set(expected)]

    try:
        until(found, 60, "the expected conflicts")
    except TimeoutError as error:
        raise AssertionError(f"{what}: {set(expected)} expected, {seen} found") from error


def refused(host: PrivateHost, name: str) -> str:
    """`docker start`, which fails; what the engine says."""
    with pytest.raises(docker.errors.APIError) as failure:
        host.api().start(name)
    return str(failure.value)


def connects_again(host: PrivateHost) -> bool:
    """Whether a container whose start was refused gets its network at a later start: with Docker 29 it does not."""
    return host.engine.suite not in BUILT


def remove(host: PrivateHost, *names: str) -> None:
    """`docker rm -f`."""
    for name in names:
        host.api().remove_container(name, force=True)


def state(host: PrivateHost, name: str) -> dict[str, Any]:
    """State, by inspect."""
    return dict(host.api().inspect_container(name)["State"])


def start_failed(holder: str, kind: str, severity: str = "info") -> Found:
    return Found("start_failed", ALL, "web2", holder, kind, severity)
