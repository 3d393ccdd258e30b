"""Ports that processes of the host serve: processes that do not run, and sockets that no client outside reaches."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.support.live.listening import listening
from tests.truth.case import Case, Plant
from tests.truth.lab import Lab
from tests.truth.plants import ANSWERING, both, container
from tests.truth.probes import published
from tests.truth.reach.changes import command
from tests.truth.reach.servers import FULL, service
from tests.truth.rows import ordinary, unknown

KIND, HABIT = "port of the host", "host mode"
# made by hand: `service` binds its sockets to no device
ON_DEVICE = (
    """
import select
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"{device}")
listener.bind(("0.0.0.0", {port}))
listener.listen()
"""
    + ANSWERING
)


def on_the_host(row: Any, name: str, kind: str, port: int, plant: Plant) -> Case:
    """A row about a port that a process of the host serves."""
    found: Case = row(name, kind, plant, asked=str(port), probe=published(port, "srv"), sound_before=False)
    return found


def host_mode(port: int) -> Plant:
    """A container in host mode that serves its name."""
    serve = f"mkdir /www; echo srv >/www/index.html; exec httpd -f -p {port} -h /www"
    return container("srv", ["sh", "-c", serve], network_mode="host")


def on_device(device: str, port: int, where: str = "") -> Plant:
    """A server whose socket is bound to a device (SO_BINDTODEVICE), in the host or in a container's namespace."""
    return service("srv", where=where, then=ON_DEVICE.format(device=device, port=port))


@contextmanager
def stopped(lab: Lab) -> Iterator[None]:
    """SIGSTOP for a server of the host, as a debugger or `kill -STOP` does."""
    with listening(lab.host, "srv", "tcp,0.0.0.0,8604") as process:
        os.kill(process.pid, signal.SIGSTOP)
        yield


CASES = (
    on_the_host(unknown, "host mode, paused", KIND, 8602, both(host_mode(8602), command("pause", "srv", "unpause"))),
    on_the_host(unknown, "host's accept queue full", KIND, 8603, service("srv", "tcp,0.0.0.0,8603", then=FULL)),
    on_the_host(unknown, "host's process stopped", KIND, 8604, stopped),
    on_the_host(unknown, "host's port bound to lo", KIND, 8605, on_device("lo", 8605)),
    on_the_host(unknown, "host's port bound to a bridge", KIND, 8606, on_device("docker0", 8606)),
    on_the_host(unknown, "host's port on IPv6 alone", KIND, 8607, service("srv", "tcp,::,8607,v6only,shared")),
    on_the_host(ordinary, "host's port bound to the uplink", HABIT, 8608, on_device("enp0s3", 8608)),
    on_the_host(ordinary, "host mode without a fault", HABIT, 8609, host_mode(8609)),
)
