"""A host of twenty-odd containers of all kinds, on which nothing is wrong, with restarts going on: nothing is found.

For half a minute; DOCKERNET_ORDINARY_SECONDS=120 makes it two.
"""

import os
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from exporter.core.ports.rules import PORT_KINDS
from tests.support.live.exposed import Exporter, Metrics
from tests.support.live.listening import FORK, HAND_OVER, PRELUDE, listening
from tests.support.live.port_cases import SETTLED, WAIT, binds, create, run, serves, state
from tests.support.live.ports_watched import PortsWatched
from tests.support.private_host.host import PrivateHost
from tests.support.waiting import until

SECONDS = float(os.environ.get("DOCKERNET_ORDINARY_SECONDS", "30"))
HTTPD = ("httpd", "-f", "-p")
IN_USE = "bind: address already in use"
# Listens after a while, as what has to read its data first.
SLOW = ("sh", "-c", "sleep 20; exec httpd -f -p 80")
# What a server says of another's failure.
SAYS_SO = ("sh", "-c", f"while true; do echo 'peer: listen tcp 0.0.0.0:9000: {IN_USE}'; sleep 0.2; done")

pytestmark = [
    pytest.mark.parametrize("host", ["bookworm"], indirect=True, ids=["20.10.24"]),
    pytest.mark.timeout(400 + SECONDS),
]


def python(*claims: str) -> dict[str, object]:
    """Options of a container in which a Python binds these."""
    options, command = binds(*claims)
    return {"command": command, **options}


def populate(host: PrivateHost) -> None:
    """`docker run`, again and again."""
    host.client().networks.create("back", internal=True)

    def put(name: str, *command: str, **options: object) -> None:
        words = options.pop("command", command)
        run(host, name, *words, **options)  # type: ignore[misc]  # either is strings

    put("web", *HTTPD, "80", publish={"80/tcp": 8080})
    put("sidecar", *HTTPD, "9090", network="container:web")
    put("second-sidecar", network="container:web")
    put("local", *HTTPD, "80", publish={"80/tcp": ("127.0.0.1", 8081)})
    put("other-address", *HTTPD, "80", publish={"80/tcp": ("192.0.2.10", 8081)})
    put("dns", publish={"53/udp": 5300, "53/tcp": 5300}, **python("udp,0.0.0.0,53", "tcp,0.0.0.0,53"))
    put("workers", network="host", **python(*["tcp,0.0.0.0,9000,shared"] * 4))
    put("mdns", network="host", **python("udp,0.0.0.0,5353,shared"))
    put("second-mdns", network="host", **python("udp,0.0.0.0,5353,shared"))
    put("dual", *HTTPD, "9100", network="host")
    put("both-families", network="host", **python("tcp,0.0.0.0,9200", "tcp,::,9200,v6only"))
    put("rows", publish={f"{port}/tcp": port for port in (7000, 7001, 7002)}, **python(*_tcp(7000, 7001, 7002)))
    put("passive-ftp", publish={"21/tcp": 21, **{f"{p}/tcp": p for p in range(21000, 21010)}}, **python(*_tcp(21)))
    put("blue", *HTTPD, "80", publish={"80/tcp": 8090})
    create(host, "green", *HTTPD, "80", publish={"80/tcp": 8091}, restart="always")
    put("slow", *SLOW, publish={"80/tcp": 8092})
    put("mentions", *SAYS_SO, network="host", expose=[("9000", "tcp")])
    put("mentioned", "sh", "-c", f"echo {IN_USE} 9000; exit 1")
    put("ended-well", "sh", "-c", f"echo {IN_USE} 9000", network="host")
    put("crashes", "false", restart="always")
    put("random", *HTTPD, "80", publish={"80/tcp": None})
    put("declares-only", expose=[("8080", "tcp")])
    put("elsewhere", *HTTPD, "9400", network="host", expose=[("9000", "tcp")])
    put("inside", *HTTPD, "80", network="back")
    put("paused", *HTTPD, "80", publish={"80/tcp": 8093})
    put("restarts", *HTTPD, "80", publish={"80/tcp": 8094}, restart="always")
    put("restarts-in-host-mode", *HTTPD, "9300", network="host", expose=[("9300", "tcp")], restart="always")
    serves(host, "paused", 80)
    host.api().pause("paused")


def _tcp(*ports: int) -> list[str]:
    return [f"tcp,0.0.0.0,{port}" for port in ports]


def kill(host: PrivateHost, name: str) -> None:
    """Kill a container's process, and wait until the engine has started it again."""
    killed = until(lambda: state(host, name)["Pid"], 60, f"{name} runs")  # 0 would be this process group
    os.kill(killed, signal.SIGKILL)
    until(lambda: state(host, name)["Pid"] not in (0, killed), 60, "a restart by itself")


def churn(host: PrivateHost, deadline: float) -> int:
    """Restart, kill and make anew; how often."""
    api, rounds = host.api(), 0
    while time.monotonic() < deadline:
        api.restart("restarts", timeout=0)
        api.restart("restarts-in-host-mode", timeout=0)
        kill(host, "restarts")
        run(host, "anew", *HTTPD, "80", publish={"80/tcp": 8095})
        api.remove_container("anew", force=True)
        rounds += 1
    return rounds


def conflicts(metrics: Metrics) -> dict[str, float]:
    """How many there are of each kind."""
    return {labels["kind"]: value for labels, value in metrics.series("dockernet_port_conflicts")}


@pytest.fixture
def ordinary(clean_host: PrivateHost) -> Iterator[PrivateHost]:
    """The host, with processes that hand their sockets on, as systemd does."""
    with ExitStack() as stack:
        stack.enter_context(listening(clean_host, "systemd", "tcp,0.0.0.0,6000", "tcp,::,6000,v6only", then=FORK))
        stack.enter_context(listening(clean_host, "maker", "tcp,0.0.0.0,6001", "udp,0.0.0.0,6001", then=HAND_OVER))
        outgoing = clean_host.popen(
            sys.executable, "-c", PRELUDE + WAIT, "resolver", "udp,0.0.0.0,0", "udp,127.0.0.1,0"
        )
        stack.callback(outgoing.wait, 30)
        stack.callback(outgoing.kill)
        populate(clean_host)
        yield clean_host


def test_nothing_is_found_on_a_host_where_nothing_is_wrong(ordinary: PrivateHost) -> None:
    nothing = dict.fromkeys(PORT_KINDS, 0.0)
    with Exporter(ordinary) as exporter, ThreadPoolExecutor(1) as pool:
        until(lambda: conflicts(exporter.metrics()) == nothing, 60, "every kind judged")
        rounds = pool.submit(churn, ordinary, time.monotonic() + SECONDS)
        scrapes = 0
        while not rounds.done():
            metrics = exporter.metrics()
            found = metrics.series("dockernet_port_conflict")
            assert (found, conflicts(metrics)) == ([], nothing), metrics.series("dockernet_findings_suspended")
            scrapes += 1
        assert rounds.result() > 0
        assert scrapes > SECONDS / 2
    with PortsWatched(ordinary) as looking:
        until(lambda: looking.inside("slow"), 60, "the slow one listens")
        until(lambda: looking.found(SETTLED) == set(), 60, "nothing found, an hour later")
