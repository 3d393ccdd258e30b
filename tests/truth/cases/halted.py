"""Processes that a freezer holds, and BPF programs at cgroups: nothing of it is seen in the network."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.bpf_drop import CGROUP_EGRESS, CGROUP_INGRESS, CONNECT4, SOCKET_LOOKUP, Hook, dropping_in
from tests.support.waiting import until
from tests.truth.case import Case, Plant
from tests.truth.cases.host_ports import on_device
from tests.truth.cgroups import cgroup_of, frozen, in_a_cgroup, program, waiting
from tests.truth.lab import Lab, serving
from tests.truth.plants import ANSWERING, both, container
from tests.truth.probes import published
from tests.truth.reach.changes import command
from tests.truth.reach.servers import service
from tests.truth.rows import ordinary, unknown

LISTENER, CGROUP = "listener", "BPF at a cgroup"
LIVES, NETWORKS = "life of containers", "networks and routes"
SLEEP = ["sleep", "1000"]
MPTCP = (
    """
listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_MPTCP)
listener.bind(("0.0.0.0", 80))
listener.listen()
"""
    + ANSWERING
)


def about(row: Any, name: str, kind: str, port: int, *plants: Plant) -> Case:
    """A row about `srv`, which answers at a port of the host."""
    probe = published(port, "srv")
    found: Case = row(name, kind, both(*plants), asked=str(port), probe=probe, sound_before=False)
    return found


def served(port: int) -> Plant:
    """A published container that serves its name."""
    return container("srv", ports={"80/tcp": port})


def shared(port: int) -> Plant:
    """The published port of `owner`, which `srv` serves in the same network namespace."""
    owner = container("owner", SLEEP, ports={"80/tcp": port})
    return both(owner, container("srv", serving("srv"), network_mode="container:owner"))


def at_cgroup(port: int, *hooks: Hook) -> Plant:
    """A published container in a cgroup of its own, with programs at it."""
    made = container("srv", waiting(serving("srv")[-1]), ports={"80/tcp": port})
    return both(made, in_a_cgroup("srv"), *(program("srv", hook) for hook in hooks))


@contextmanager
def socket_lookup(lab: Lab) -> Iterator[None]:
    """A BPF program that drops what looks for a socket in the namespace of a container."""
    with dropping_in(Path(f"/proc/{lab.pid('srv')}/ns/net"), SOCKET_LOOKUP):
        yield


def own_cgroup(port: int) -> Plant:
    """A process of the host whose sockets are made in a cgroup of its own, at which a program drops packets."""

    @contextmanager
    def plant(lab: Lab) -> Iterator[None]:
        folder = cgroup_of(lab.host.pid) / "truth-own"
        folder.mkdir()
        try:
            made = IN_A_CGROUP.format(folder=folder, port=port)
            with service("srv", then=made)(lab), dropping_in(folder, CGROUP_INGRESS):
                yield
        finally:
            until(lambda: not (folder / "cgroup.procs").read_text(), SECONDS, "nothing is left in the cgroup")
            folder.rmdir()

    return plant


def idle(port: int, server: Plant) -> Plant:
    """A published container whose server is a process of the host in its namespace."""
    return both(container("srv", SLEEP, ports={"80/tcp": port}), server)


IN_A_CGROUP = (
    """
import select
with open("{folder}/cgroup.procs", "w") as procs:
    procs.write(str(os.getpid()))
listener = socket.create_server(("0.0.0.0", {port}))
"""
    + ANSWERING
)
SECONDS = 10

CASES = (
    about(unknown, "frozen by hand", LISTENER, 8611, served(8611), frozen("srv")),
    about(unknown, "the one that serves is paused", LISTENER, 8612, shared(8612), command("pause", "srv", "unpause")),
    about(unknown, "BPF drops what the cgroup receives", CGROUP, 8613, at_cgroup(8613, CGROUP_INGRESS)),
    about(unknown, "BPF drops what the cgroup sends", CGROUP, 8614, at_cgroup(8614, CGROUP_EGRESS)),
    about(
        ordinary,
        "the owner of the namespace is paused",
        LIVES,
        8615,
        shared(8615),
        command("pause", "owner", "unpause"),
    ),
    about(unknown, "BPF drops at the socket lookup", CGROUP, 8621, served(8621), socket_lookup),
    about(unknown, "BPF drops what a process of the host receives", CGROUP, 8622, own_cgroup(8622)),
    about(ordinary, "BPF refuses connections of a server's cgroup", NETWORKS, 8616, at_cgroup(8616, CONNECT4)),
    about(ordinary, "a cgroup without programs", NETWORKS, 8617, at_cgroup(8617)),
    about(ordinary, "bound to the container's device", NETWORKS, 8618, idle(8618, on_device("eth0", 80, "srv"))),
    about(ordinary, "MPTCP", NETWORKS, 8619, idle(8619, service("srv", where="srv", then=MPTCP))),
)
