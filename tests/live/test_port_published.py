"""Published ports that somebody else has, that are shared, or that lead nowhere, planted on real hosts."""

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.live.listening import listening
from tests.support.live.port_cases import (
    ALL,
    HTTPD,
    IPV6,
    SETTLED,
    binds,
    create,
    finds,
    on_one_engine,
    refused,
    remove,
    run,
    serves,
    start_failed,
)
from tests.support.live.ports_watched import Found, PortsWatched
from tests.support.private_host.host import PrivateHost
from tests.support.waiting import until


@pytest.fixture
def watched(clean_host: PrivateHost) -> Iterator[PortsWatched]:
    with PortsWatched(clean_host) as looking:
        yield looking


USER = ("setpriv", "--reuid", "1000", "--regid", "1000", "--clear-groups")


def proxies(host: PrivateHost, port: int) -> list[int]:
    """The processes of docker-proxy that listen on a port of this host."""
    found = []
    for process in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            words = (process / "cmdline").read_bytes().split(b"\0") if process.name.isdecimal() else []
            if b"docker-proxy" in (words or [b""])[0] and str(port).encode() in words:
                ours = (process / "ns/net").readlink() == Path(f"/proc/{host.pid}/ns/net").readlink()
                found += [int(process.name)] if ours else []
    return found


def test_docker_proxy_killed_and_its_port_stolen(watched: PortsWatched, clean_host: PrivateHost) -> None:
    run(clean_host, "web", *HTTPD, "80", publish={"80/tcp": 8080})
    until(lambda: proxies(clean_host, 8080), 60, "docker-proxy")
    finds(watched)
    for pid in proxies(clean_host, 8080):
        os.kill(pid, signal.SIGKILL)
    unheld = [Found("published_unheld", port, "web") for port in (ALL, IPV6)]
    finds(watched, *unheld)
    with listening(clean_host, "thief", "tcp,0.0.0.0,8080"):
        shadowed = Found("shadowed_by_dnat", ALL, "thief", "web", "container", "critical")
        finds(watched, shadowed, unheld[1], what="clients from outside reach the container")
    finds(watched, *unheld)
    with listening(clean_host, "dockerd", "tcp,0.0.0.0,8080", before=USER):
        forged = Found("shadowed_by_dnat", ALL, "dockerd", "web", "container", "critical")
        finds(watched, forged, unheld[1], what="a user's process named dockerd is not the engine")
    clean_host.api().restart("web", timeout=0)
    finds(watched)


def test_a_port_stolen_while_the_engine_was_down(new_host: Callable[..., PrivateHost]) -> None:
    """With live-restore the container goes on, without its port, and the engine says that all is well."""
    host = new_host(flags=["--live-restore"]).start().load_image()
    with PortsWatched(host) as looking:
        run(host, "web", *HTTPD, "80", publish={"80/tcp": 8080})
        run(host, "top")
        finds(looking)
        host.kill()
        until(lambda: "engine" in looking.look().evaluation.missing, 60, "no engine")
        assert {found.kind for found in looking.look(100.0).evaluation.findings} == set()
        until(lambda: not proxies(host, 8080), 60, "docker-proxies gone with their engine")
        with listening(host, "thief", "tcp,::,8080"):
            host.start()
            until(lambda: "engine" not in looking.look().evaluation.missing, 60, "the engine")
            finds(
                looking,
                *[Found("published_stolen", port, "web", "thief", "process", "critical") for port in (ALL, IPV6)],
            )
        host.api().restart("web", timeout=0)
        finds(looking)


def test_without_a_userland_proxy_the_engine_holds_what_it_publishes(new_host: Callable[..., PrivateHost]) -> None:
    host = new_host(flags=["--userland-proxy=false"]).start().load_image()
    with PortsWatched(host) as looking:
        run(host, "web", *HTTPD, "80", publish={"80/tcp": 8080})
        create(host, "web2", *HTTPD, "80", publish={"80/tcp": 8080})
        finds(looking, Found("latent", ALL, "web2", "web", "engine", "info"), later=SETTLED)
        refused(host, "web2")
        finds(looking, start_failed("web", "engine"))


def test_a_rule_that_takes_the_packets_of_a_listener_away(watched: PortsWatched, clean_host: PrivateHost) -> None:
    run(clean_host, "web", *HTTPD, "80")
    address = clean_host.api().inspect_container("web")["NetworkSettings"]["Networks"]["bridge"]["IPAddress"]
    run(clean_host, "top", *HTTPD, "8080", network="host")
    finds(watched)
    rule = (
        "-t",
        "nat",
        "PREROUTING",
        "-p",
        "tcp",
        "--dport",
        "8080",
        "-j",
        "DNAT",
        "--to-destination",
        f"{address}:80",
    )
    clean_host.run("iptables", *rule[:2], "-A", *rule[2:])
    try:
        finds(watched, Found("shadowed_by_dnat", IPV6, "top", "web", "container", "critical"))
    finally:
        clean_host.run("iptables", *rule[:2], "-D", *rule[2:])
    finds(watched)


@on_one_engine
def test_one_port_that_two_containers_share(watched: PortsWatched, clean_host: PrivateHost) -> None:
    options, command = binds("tcp,0.0.0.0,8080,shared", "tcp,0.0.0.0,8080,shared", "udp,0.0.0.0,5353,shared")
    run(clean_host, "one", *command, network="host", **options)
    serves(clean_host, "one", 8080)
    finds(watched, what="workers of one container, and mDNS")
    run(clean_host, "two", *command, network="host", **options)
    finds(watched, Found("reuseport_shared", ALL, "one", "two", "container"))
    remove(clean_host, "two")
    finds(watched)


@on_one_engine
def test_families_with_different_owners(watched: PortsWatched, clean_host: PrivateHost) -> None:
    options, command = binds("tcp,::,8080,v6only")
    run(clean_host, "six", *command, network="host", **options)
    serves(clean_host, "six", 8080)
    finds(watched)
    with listening(clean_host, "nginx", "tcp,0.0.0.0,8080"):
        finds(watched, Found("family_split", ALL, "six", "nginx", "process"))
    finds(watched)


def test_a_port_that_is_published_in_host_mode_or_on_no_network(watched: PortsWatched, clean_host: PrivateHost) -> None:
    clean_host.client().networks.create("back", internal=True)
    for name, network in (("top", "host"), ("alone", "none"), ("hidden", "back")):
        run(clean_host, name, publish={"80/tcp": 8080}, network=network)
    severities = {"top": "info", "alone": "warning", "hidden": "warning"}
    ineffective = [Found("publish_ineffective", ALL, name, severity=found) for name, found in severities.items()]
    finds(watched, *ineffective)
    remove(clean_host, "top", "alone")
    finds(watched, ineffective[2])
    remove(clean_host, "hidden")
    finds(watched)


@on_one_engine
def test_a_network_that_is_taken_away_takes_the_port_along(watched: PortsWatched, clean_host: PrivateHost) -> None:
    bridge = clean_host.client().networks.get("bridge")
    run(clean_host, "web", *HTTPD, "80", publish={"80/tcp": 8080})
    finds(watched)
    bridge.disconnect("web")
    finds(watched, Found("publish_ineffective", ALL, "web"))
    bridge.connect("web")
    finds(watched)


@on_one_engine
@pytest.mark.parametrize(
    ("claims", "kind"),
    [
        (("tcp,0.0.0.0,81",), "unserved"),
        (("tcp,127.0.0.1,80",), "loopback_only"),
        (("tcp,::,80,v6only",), "unserved"),
        (("udp,0.0.0.0,80",), "wrong_protocol"),
        (("tcp,0.0.0.0,80",), ""),
        (("tcp,::,80",), ""),
    ],
)
def test_what_a_published_port_leads_to(
    watched: PortsWatched, clean_host: PrivateHost, claims: tuple[str, ...], kind: str
) -> None:
    options, command = binds(*claims)
    run(clean_host, "web", *command, publish={"80/tcp": 8080}, **options)
    until(lambda: watched.inside("web"), 60, "its listeners")
    until(lambda: not watched.look().evaluation.missing, 60, "a look at everything")
    finds(watched, what="a slow start")
    finds(watched, *([Found(kind, ALL, "web")] if kind else []), later=SETTLED)
    remove(clean_host, "web")
    finds(watched)
