"""Sockets to accept on: bound by address, or handed over by systemd."""

import errno
import os
import socket
from collections.abc import Iterable, MutableMapping, Sequence

from exporter.errors import ConfigError

BACKLOG = 128
FIRST_DESCRIPTOR = 3  # SD_LISTEN_FDS_START of sd_listen_fds(3)
NO_SUCH_FAMILY = {errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL}


def bind(addresses: Iterable[tuple[str | None, int]]) -> list[socket.socket]:
    """Return listening sockets; host None is every address of both families. ConfigError: none is left open."""
    sockets: list[socket.socket] = []
    try:
        for host, port in addresses:
            try:
                sockets += _bind_one(host, port)
            except (OSError, UnicodeError) as error:  # UnicodeError: a name that no resolver takes, such as a..b
                raise ConfigError(f"--web.listen-address: {_joined(host or '', port)}: {_reason(error)}") from error
    except BaseException:
        for bound in sockets:
            bound.close()
        raise
    return sockets


def _reason(error: OSError | UnicodeError) -> str:
    """Return the system's text; asyncio and socket add the address to it as Python writes it."""
    if isinstance(error, OSError) and error.errno and error.errno > 0:
        return os.strerror(error.errno)
    return getattr(error, "strerror", None) or str(error)


def _bind_one(host: str | None, port: int) -> list[socket.socket]:
    # Not by the loop: its thread for that would stay, with the capabilities of the start.
    # Names in ASCII as bytes: for a str Python loads its tables of international names.
    name = host.encode() if host and host.isascii() else host
    found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    bound: list[socket.socket] = []
    problem: OSError | None = None
    for family, address in dict.fromkeys((family, address) for family, _, _, _, address in found):
        try:
            bound.append(socket.create_server(address, family=family, backlog=BACKLOG))
        except OSError as error:
            if error.errno not in NO_SUCH_FAMILY:
                for other in bound:
                    other.close()
                raise
            problem = error  # such as ::, on a host without IPv6
    if problem and not bound:
        raise problem
    return bound


def inherited(environment: MutableMapping[str, str], pid: int) -> list[socket.socket]:
    """Return the sockets that systemd passed to this process; ConfigError when there are none. See sd_listen_fds(3)."""
    for_pid, count = environment.pop("LISTEN_PID", ""), environment.pop("LISTEN_FDS", "")
    environment.pop("LISTEN_FDNAMES", None)
    if for_pid != str(pid) or not count.isdecimal() or not int(count):
        raise ConfigError("--web.systemd-socket: systemd passed no socket")
    return [_inherit(FIRST_DESCRIPTOR + number) for number in range(int(count))]


def _inherit(descriptor: int) -> socket.socket:
    try:
        os.set_inheritable(descriptor, False)  # noqa: FBT003  os' own signature
        passed = socket.socket(fileno=descriptor)
        listening = passed.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except OSError:
        raise ConfigError(f"--web.systemd-socket: descriptor {descriptor} is not a socket") from None
    if passed.type != socket.SOCK_STREAM or not listening:
        passed.close()
        raise ConfigError(f"--web.systemd-socket: descriptor {descriptor} is not a listening stream socket")
    return passed


def written(sockets: Iterable[socket.socket]) -> Sequence[str]:
    """Return the addresses as an operator writes them."""
    return [_written(bound.getsockname()) for bound in sockets]


def _written(address: object) -> str:
    if not isinstance(address, tuple):  # a unix socket
        return address if isinstance(address, str) else repr(address)
    return _joined(*address[:2])


def _joined(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
