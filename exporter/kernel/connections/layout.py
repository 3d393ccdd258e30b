"""Where the programs keep what: offsets on the stack, registers, and the maps."""

from msgspec import Struct

from exporter.kernel.bpf.container_name import NAME_BYTES
from exporter.kernel.bpf.instructions import R6, R7, R8, R9
from exporter.kernel.bpf.macros import SCRATCH
from exporter.kernel.connections.records import SIZE_OF_CONNECTION, SIZE_OF_SUMS

# include/net/tcp_states.h
ESTABLISHED, SYN_SENT, SYN_RECV, CLOSE, CLOSE_WAIT, LISTEN = 1, 2, 3, 7, 8, 10

# Offsets from FP, below the scratch bytes of macros.
CONNECTION = SCRATCH - SIZE_OF_CONNECTION  # struct connection, its key first
SUMS = CONNECTION - SIZE_OF_SUMS
PREFIX = SUMS - 24  # a key of the trie: u32 length in bits, 16 bytes of address
SOCKET = PREFIX - 8  # a key of the connections: struct sock *
NEARNESS = SOCKET - 8  # what the trie has for the remote address
NAME = NEARNESS - NAME_BYTES
OLD_STATE, NEW_STATE = NAME - 8, NAME - 16

# Registers that a helper leaves alone. R7 is the old state, then the struct tcp_sock.
SOCK, TCP, ELEMENT, COUNTS = R6, R7, R8, R9


class MapDescriptors(Struct, frozen=True):
    """The maps of the programs.

    `connections`: those that live. `sums` and `rest`: those of a key, and of a key without addresses and port for
    which `sums` has no room. `living`: the sums of what lives, made by the walk. `owners`: names of cgroups. `near`:
    the addresses that are kept. `published`: ports of the host. `complete`: a counter, 1 when all older connections
    were adopted. `lost`: a counter. `shares` and `living_shares`: how many keys an owner has of `sums` and of `living`,
    at most `of_one`; further ones are counted without addresses and port.
    """

    connections: int
    sums: int
    rest: int
    living: int
    owners: int
    near: int
    published: int
    complete: int
    lost: int
    shares: int
    living_shares: int
    of_one: int


NO_MAPS = MapDescriptors(*[-1] * 12)


class Host(Struct, frozen=True):
    """The host's network namespace, by its cookie (getsockopt SO_NETNS_COOKIE)."""

    netns_cookie: int
