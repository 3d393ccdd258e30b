"""Resolve a name, connect, and send one echo from inside a network namespace, within a total time.

What is tried runs in a container's network namespace, and not as the container: its cgroup, its user and its seccomp
filter do not apply, and a paused container's namespace still sends.
"""

import time
from functools import partial
from pathlib import Path

from msgspec import Struct

from exporter.core.model.docker import Container
from exporter.core.reach.tried import ANSWERED, CLOSED, OPEN, SILENT, Connect, Echo, NameAnswer, Tried
from exporter.core.reach.view import Unread
from exporter.kernel.reach.enter import run_in_container
from exporter.kernel.reach.probe.connections import connect_tcp, connect_udp
from exporter.kernel.reach.probe.echo import send_echo
from exporter.kernel.reach.probe.resolve import resolve
from exporter.kernel.reach.probe.sockets import has_route

TOTAL_SECONDS = 5.0
NAME_SECONDS = 2.5
# The kernel gives up on a neighbour after three seconds: EHOSTUNREACH.
SECONDS = {"tcp": 3.5, "udp": 1.0}
ECHO_SECONDS = 1.0
CONNECTORS = {"tcp": connect_tcp, "udp": connect_udp}
ARRIVED = (OPEN, CLOSED, ANSWERED, SILENT)  # a client tries no other address then
MAX_ADDRESSES = 4


class Attempt(Struct, frozen=True):
    """What is tried.

    `names` are sent to the name server `server` (an address) in their order until one has an address. `addresses` are
    used where one of them is in the answer, where no name has an address, and where nothing is to be resolved. A
    client's search list and its /etc/hosts are applied by the caller. `protocol` is tcp or udp; without a `port`
    nothing is connected. `mtu` is the size of the echo in bytes, header included; 0 for none.
    """

    names: tuple[str, ...] = ()
    server: str = ""
    addresses: tuple[str, ...] = ()
    protocol: str = "tcp"
    port: int = 0
    mtu: int = 0


def probe(procfs: Path, container: Container, attempt: Attempt) -> Tried:
    """Try it in a container's network namespace; `error` says why it was not entered."""
    try:
        tried = run_in_container(procfs, container, partial(probe_here, attempt))
    except OSError as error:
        return Tried(error=error.strerror or str(error))
    if isinstance(tried, Unread):
        return Tried(error=f"{tried.detail} ({tried.privilege})" if tried.privilege else tried.detail)
    return tried


def probe_here(attempt: Attempt, name_seconds: float = NAME_SECONDS) -> Tried:
    """Try it in the calling thread's network namespace, in TOTAL_SECONDS, and 0.1 s for the last connection.

    Names have `name_seconds` of that.
    """
    ends = time.monotonic() + TOTAL_SECONDS
    name = _resolve(attempt, min(ends, time.monotonic() + name_seconds))
    known = _of_this_path(attempt, name.addresses if name is not None else ())
    addresses = tuple(address for address in known if has_route(address)) or known
    connect = _connect(attempt, addresses[:MAX_ADDRESSES], ends)
    address = connect.address if connect is not None else next(iter(addresses), "")
    return Tried(name, connect, _echo(address, attempt.mtu, ends))


def _of_this_path(attempt: Attempt, resolved: tuple[str, ...]) -> tuple[str, ...]:
    """The addresses to connect to: those of the path where the name has them, however the answer is ordered."""
    return tuple(address for address in attempt.addresses if address in resolved) or resolved or attempt.addresses


def _resolve(attempt: Attempt, ends: float) -> NameAnswer | None:
    """Return the first answer with an address, else the last one."""
    answer = None
    for name in attempt.names if attempt.server else ():
        if (left := ends - time.monotonic()) <= 0:
            break
        answer = resolve(attempt.server, name, left)
        if answer.addresses:
            break
    return answer


def _connect(attempt: Attempt, addresses: tuple[str, ...], ends: float) -> Connect | None:
    """Return the first connection that is made, else the failure of the first address."""
    connector = CONNECTORS.get(attempt.protocol)
    first = None
    for address in addresses if connector is not None and attempt.port else ():
        left = min(SECONDS[attempt.protocol], ends - time.monotonic())
        if left <= 0 or connector is None:
            break
        connect = connector(address, attempt.port, left)
        if connect.outcome in ARRIVED:
            return connect
        first = first or connect
    return first


def _echo(address: str, size: int, ends: float) -> Echo | None:
    if not address or not size or (left := ends - time.monotonic()) <= 0:
        return None
    return send_echo(address, size, min(ECHO_SECONDS, left), ends)
