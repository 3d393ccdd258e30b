"""What one client may do, and for how long; durations are in seconds."""

from msgspec import Struct
from msgspec.structs import replace

# Descriptors of the process besides those of clients: netlink, BPF, the engine, files that are read.
OWN_DESCRIPTORS = 128
MIN_CONNECTIONS = 16


class ClientLimits(Struct, frozen=True):
    """The limits of the server, on each connection and on all of them.

    head: from the first byte of a request, or from the beginning of the connection, to the end of the head.
    idle: between two requests; longer than the usual scrape intervals, so that Prometheus keeps its connection.
    read: for reading an answer. half_closed: for the request of a client that has shut down its side.
    goodbye: for the client's part of the end of TLS. shutdown: for requests under way when the server stops.
    request_bytes: of one request, all of it.
    """

    head: float = 10.0
    idle: float = 75.0
    read: float = 30.0
    half_closed: float = 1.0
    goodbye: float = 1.0
    shutdown: float = 1.0
    request_bytes: int = 64 * 1024
    connections: int = 512


DEFAULT_LIMITS = ClientLimits()


def limits_within(descriptors: int) -> ClientLimits:
    """Return the limits of a process with so many descriptors: clients leave it those that it reads the kernel with."""
    connections = min(DEFAULT_LIMITS.connections, max(MIN_CONNECTIONS, descriptors - OWN_DESCRIPTORS))
    return replace(DEFAULT_LIMITS, connections=connections)
