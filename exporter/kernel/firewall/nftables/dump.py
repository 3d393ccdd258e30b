"""Requests and answers of nf_tables: dumps, with the generation of the rules that they saw."""

import errno
import socket

from msgspec import Struct

from exporter.kernel.firewall.nftables import nfta
from exporter.kernel.netlink.client import answers, ask, repeated
from exporter.kernel.netlink.messages import attribute, head, message, walk
from exporter.kernel.netlink.nfnetlink import NFGENMSG, number
from exporter.kernel.netlink.numbers import NLM_F_DUMP

SUBSYSTEM = 10 << 8  # NFNL_SUBSYS_NFTABLES
GETTABLE, GETCHAIN, GETRULE, DELRULE, GETSET, GETSETELEM, NEWGEN, GETGEN = 1, 4, 7, 8, 10, 13, 15, 16
FAMILIES = {1: "inet", 2: "ip", 5: "netdev", 7: "bridge", 10: "ip6"}  # NFPROTO_*; arp carries no packet of a container
ROUTED = frozenset({"inet", "ip", "ip6"})
NUMBERS = {name: number for number, name in FAMILIES.items()}
HALF = 0xFFFF  # a dump's header has these bits of its generation (nfgenmsg.res_id)
# A writer in a loop interrupts nearly every dump: a rule can be missing from such a one.
PAUSES = (0.01, 0.03, 0.1)


class Dump(Struct, frozen=True):
    """Pairs of a family and the attributes of one object, and the low 16 bits of the generation they belong to."""

    objects: list[tuple[int, bytes]]
    generation: int


class Room(Struct):
    """How many bytes the dumps of one reading may have together."""

    limit: float
    taken: int = 0

    def take(self, dumped: Dump) -> Dump:
        """Return the dump. Raises OSError with EMSGSIZE for more than there is room for."""
        self.taken += sum(len(message) for _, message in dumped.objects)
        if self.taken > self.limit:
            raise OSError(errno.EMSGSIZE, f"rules and sets of more than {int(self.limit) >> 20} MiB")
        return dumped


def dump(sock: socket.socket, command: int, family: int = 0, *names: str) -> Dump:
    """Dump objects; `names` are the first attributes of the request, such as the table and the chain.

    What does not exist is an empty dump. Raises OSError for a refusal, InterruptedDumpError when the rules changed
    during each of several dumps.
    """
    request = encode_dump(command, family, *names)
    return repeated(lambda: _dump(sock, request), PAUSES)


def encode_dump(command: int, family: int, *names: str) -> bytes:
    """Encode the request for a dump."""
    body = NFGENMSG.pack(family, 0, 0) + b"".join(
        attribute(place, name.encode() + b"\0") for place, name in enumerate(names, 1) if name
    )
    return message(SUBSYSTEM | command, NLM_F_DUMP, body)


def _dump(sock: socket.socket, request: bytes) -> Dump:
    objects: list[tuple[int, bytes]] = []
    generation = 0
    for _, data, start, end in answers(sock, request):
        found, _, generation = head(NFGENMSG, data, start, end, "an object of nf_tables")
        objects.append((found, bytes(data[start + NFGENMSG.size : end])))
    return Dump(objects, generation)


def generation(sock: socket.socket) -> int:
    """Read the generation of the rules: 8 us, and no rule is read."""
    ((_, data, start, end),) = ask(sock, message(SUBSYSTEM | GETGEN, 0, NFGENMSG.pack(0, 0, 0)))
    return number(dict(walk(data[start + NFGENMSG.size : end]))[nfta.GEN_ID])
