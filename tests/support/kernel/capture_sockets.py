"""Record what this machine's kernel says of sockets: `python -m tests.support.kernel.capture_sockets`, as root."""

import platform
import socket
import textwrap
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from exporter.kernel.netlink.client import MAX_DATAGRAM
from exporter.kernel.netlink.inet_diag import LISTEN, open_diag_socket, tcp_question
from exporter.kernel.netlink.messages import HEADER, messages
from exporter.kernel.netlink.numbers import NLMSG_DONE
from exporter.kernel.sockets.listeners import TCP, UDP_REQUESTS
from tests.support.kernel.captured import CAPTURES
from tests.support.kernel.own_namespace import ip, own_namespace

REFRESH = "python -m tests.support.kernel.capture_sockets"
WIDTH = 96
# protocol, address, port, option
SOCKETS = (
    ("tcp", "127.0.0.1", 8001, ""),
    ("tcp", "::", 8002, ""),
    ("tcp", "::", 8003, "v6only"),
    ("tcp", "::ffff:127.0.0.1", 8004, ""),
    ("tcp", "0.0.0.0", 8005, "device"),
    ("tcp", "127.0.0.1", 8006, "not listening"),
    ("udp", "0.0.0.0", 8007, ""),
    ("udp", "::1", 8008, ""),
    ("udp", "::", 8009, "v6only"),
    ("udp", "127.0.0.1", 8010, "connected"),
)


def made(protocol: str, address: str, port: int, option: str) -> socket.socket:
    """Make one of them."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, option == "v6only")
    if option == "device":
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo")
    sock.bind((address, port))
    if protocol == "tcp" and option != "not listening":
        sock.listen()
    if option == "connected":
        sock.connect(("127.0.0.1", 9))
    return sock


def answers(protocol: int) -> Iterator[bytes]:
    """The messages of both families' dumps, the end marks too."""
    with open_diag_socket() as sock:
        for request in (tcp_question(1 << LISTEN),) if protocol == TCP else UDP_REQUESTS:
            sock.send(request)
            kind = 0
            while kind != NLMSG_DONE:
                data = sock.recv(MAX_DATAGRAM)
                for kind, _, _, start, end in messages(data):  # noqa: B007  of the last one
                    yield data[start - HEADER.size : end]


def write(name: str, protocol: int) -> None:
    """Write one capture."""
    lines = [f"# {REFRESH} wrote this on Linux {platform.release().partition('-')[0]}.", "# In a namespace with"]
    lines += [f"#   {' '.join(map(str, row)).strip()}" for row in SOCKETS]
    for raw in answers(protocol):
        lines += ["", "message", raw[: HEADER.size].hex(" ", 4) + "  # nlmsghdr"]
        lines += textwrap.wrap(raw[HEADER.size :].hex(" ", 4), WIDTH)
    (CAPTURES / f"{name}.hex").write_text("\n".join(lines) + "\n")


def main() -> None:
    """Record everything."""
    with own_namespace(), ExitStack() as kept:
        Path("/proc/sys/net/ipv6/conf/all/disable_ipv6").write_text("0")
        ip("link set lo up")
        for row in SOCKETS:
            kept.enter_context(made(*row))
        write("sockets_tcp", socket.IPPROTO_TCP)
        write("sockets_udp", socket.IPPROTO_UDP)


if __name__ == "__main__":
    main()
