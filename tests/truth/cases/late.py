"""What a container listens on, after the minute that it may need to start."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.support.live.port_cases import binds, run
from tests.truth.case import Case, Plant, Probe
from tests.truth.lab import Lab, serving
from tests.truth.plants import both, container, process, shell
from tests.truth.probes import always, published
from tests.truth.rows import CRITICAL, ordinary, outage

SERVED, EXPOSED, SINGLETON = "listener", "exposes more than it serves", "host mode"
MINUTE = 80.0
SLEEP = ["sleep", "1000"]
ALWAYS = {"Name": "always"}


def listener(name: str, subject: str, port: int, plant: Plant, *finds: str, **options: Any) -> Case:
    """A container whose published port reaches no server."""
    probe: Probe = options.pop("probe", published(port, subject))
    settings = {"asked": str(port), "probe": probe, "watch": MINUTE, "sound_before": False, **options}
    return outage(name, SERVED, plant, *finds, subject=subject, **settings)


def late(name: str, subject: str, plant: Plant, kind: str = EXPOSED, **options: Any) -> Case:
    """An ordinary container that does not serve all that it publishes, or not at once."""
    settings = {"asked": "", "probe": always, "watch": MINUTE, "sound_before": False, **options}
    return ordinary(name, kind, plant, subject=subject, **settings)


def bound(name: str, port: int, *claims: str, **options: Any) -> Plant:
    """A container in which a Python binds what the claims say."""

    @contextmanager
    def plant(lab: Lab) -> Iterator[None]:
        mounts, command = binds(*claims)
        mounted = [f"{one.split(':')[0]}:{one.split(':')[1]}:ro" for one in mounts["binds"]]
        with lab.running(name, list(command), ports={"80/tcp": port}, volumes=mounted, **options):
            yield

    return plant


@contextmanager
def bound_to_lo(lab: Lab) -> Iterator[None]:
    """A server in the namespace of `devoted` on all addresses, bound to the loopback's device."""
    words = ("nsenter", "-t", str(lab.pid("devoted")), "-n", sys.executable, "-c", BOUND)
    with lab.started(*words):
        lab.wait_until_listening("devoted")
        yield


@contextmanager
def published_in_host_mode(lab: Lab) -> Iterator[None]:
    """A container in host mode that serves a port, and publishes it as well, which has no effect."""
    command = ("httpd", "-f", "-p", "0.0.0.0:8396")
    try:
        run(lab.host, "leftover", *command, network="host", publish={"8396/tcp": 8396})
        yield
    finally:
        lab.remove("leftover")


def looped(seconds: int, port: int) -> list[str]:
    """A server in host mode that needs some seconds before it binds its port, and ends when it cannot."""
    return ["sh", "-c", f"sleep {seconds}; exec httpd -f -p 0.0.0.0:{port}"]


BOUND = """
import signal, socket
server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo")
server.bind(("0.0.0.0", 80))
server.listen()
signal.pause()
"""
REDIRECT = "-t nat -I PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 15006"
UNHEALTHY = {"test": ["CMD", "false"], "interval": 5_000_000_000, "start_period": 600_000_000_000}

CASES = (
    listener(
        "listens on the loopback",
        "lonely",
        8401,
        container("lonely", ["httpd", "-f", "-p", "127.0.0.1:80"], ports={"80/tcp": 8401}),
        "loopback_only",
    ),
    listener(
        "listens on another port",
        "mistaken",
        8402,
        container("mistaken", serving("mistaken", 81), ports={"80/tcp": 8402}),
        "unserved",
    ),
    listener("listens on UDP", "datagram", 8403, bound("datagram", 8403, "udp,0.0.0.0,80"), "wrong_protocol"),
    listener(
        "listens on 127.0.0.2",
        "lonelier",
        8404,
        container("lonelier", ["httpd", "-f", "-p", "127.0.0.2:80"], ports={"80/tcp": 8404}),
        "loopback_only",
    ),
    listener(
        "served once, and its server ended",
        "quitter",
        8405,
        container("quitter", ["sh", "-c", "timeout 15 httpd -f -p 80; sleep 1000"], ports={"80/tcp": 8405}),
        "unserved",
    ),
    listener(
        "bound to the device lo",
        "devoted",
        8406,
        both(container("devoted", SLEEP, ports={"80/tcp": 8406}), bound_to_lo),
    ),
    listener(
        "server in a namespace of its own",
        "hidden",
        8407,
        container(
            "hidden", ["unshare", "-n", "httpd", "-f", "-p", "80"], ports={"80/tcp": 8407}, cap_add=["SYS_ADMIN"]
        ),
    ),
    listener(
        "host mode that needs 40 s to a taken port",
        "jvm",
        8398,
        both(
            process("holder", "tcp,0.0.0.0,8398"),
            container("jvm", looped(40, 8398), network_mode="host", restart_policy=ALWAYS),
        ),
        "host_bind_failed",
        asked="",
        probe=always,
        works=True,
    ),
    listener(
        "host mode that needs 5 s to a taken port",
        "node",
        8397,
        both(
            process("holder2", "tcp,0.0.0.0,8397"),
            container("node", looped(5, 8397), network_mode="host", restart_policy=ALWAYS),
        ),
        "host_bind_failed",
        asked="",
        probe=always,
        works=True,
    ),
    late(
        "443 exposed and not served",
        "plainweb",
        container("plainweb", ports={"80/tcp": 8301, "443/tcp": 8302}),
        probe=published(8301, "plainweb"),
    ),
    late(
        "row of ports for passive FTP",
        "ftp",
        container(
            "ftp", serving("ftp", 21), ports={"21/tcp": 8303, **{f"{30000 + n}/tcp": 8310 + n for n in range(10)}}
        ),
    ),
    late("scaled to zero", "zero", container("zero", SLEEP, ports={"80/tcp": 8304})),
    late(
        "health check says starting",
        "starting",
        container("starting", SLEEP, ports={"80/tcp": 8305}, healthcheck=UNHEALTHY),
    ),
    late(
        "mesh with a redirect inside",
        "meshed",
        both(
            container("meshed", serving("meshed", 15006), ports={"80/tcp": 8306}),
            shell(f"iptables {REDIRECT}", ":", container="meshed"),
        ),
        probe=published(8306, "meshed"),
        asked="8306",
    ),
    late(
        "host mode with left-over ports",
        "leftover",
        published_in_host_mode,
        SINGLETON,
        asked="leftover",
    ),
    late(
        "hot standby for one port",
        "standby",
        both(
            container("active", looped(0, 8395), network_mode="host"),
            container("standby", looped(1, 8395), network_mode="host", restart_policy=ALWAYS),
        ),
        SINGLETON,
        forbidden=CRITICAL,
    ),
)
