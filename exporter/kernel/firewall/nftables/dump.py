"""Requests and answers of nf_tables: dumps, with the generation of the rules that they saw."""

import itertools
import socket
import time
from dataclasses import dataclass

from exporter.kernel.firewall.nftables import nfta
from exporter.kernel.netlink.nfnetlink import DATAGRAM, NFGENMSG, number, walk
from exporter.kernel.netlink.rtnetlink import (
    HEADER,
    NLM_F_DUMP,
    NLM_F_DUMP_INTR,
    NLMSG_DONE,
    NLMSG_ERROR,
    InterruptedDumpError,
    attribute,
    message,
    messages,
    raise_error,
)

SUBSYSTEM = 10 << 8  # NFNL_SUBSYS_NFTABLES
GETCHAIN, GETRULE, DELRULE, GETSETELEM, NEWGEN, GETGEN = 4, 7, 8, 13, 15, 16
FAMILIES = {1: "inet", 2: "ip", 10: "ip6"}  # NFPROTO_*; those that carry routed packets
NUMBERS = {name: number for number, name in FAMILIES.items()}
HALF = 0xFFFF  # a dump tells as much of its generation
# A writer in a loop interrupts nearly every dump: a rule can be missing from such a one.
PAUSES = (0.01, 0.03, 0.1)

_sequences = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Dump:
    """Pairs of a family and the attributes of one object, and the low 16 bits of the generation they belong to."""

    objects: list[tuple[int, bytes]]
    generation: int


def dump(sock: socket.socket, command: int, family: int = 0, *names: str) -> Dump:
    """Dump objects; `names` are the first attributes of the request, such as the table and the chain.

    What does not exist is an empty dump. Raises OSError for a refusal, InterruptedDumpError when the rules changed
    during each of several dumps.
    """
    for pause in PAUSES:
        try:
            return _dump(sock, command, family, names)
        except InterruptedDumpError:
            time.sleep(pause)
    return _dump(sock, command, family, names)


def _dump(sock: socket.socket, command: int, family: int, names: tuple[str, ...]) -> Dump:
    sequence = next(_sequences) & 0x7FFFFFFF
    body = NFGENMSG.pack(family, 0, 0) + b"".join(
        attribute(place, name.encode() + b"\0") for place, name in enumerate(names, 1) if name
    )
    sock.send(message(SUBSYSTEM | command, NLM_F_DUMP, body, sequence))
    objects: list[tuple[int, bytes]] = []
    generation, interrupted = 0, False
    while True:
        data = sock.recv(DATAGRAM)
        for kind, flags, start, end in messages(data):
            if HEADER.unpack_from(data, start - HEADER.size)[3] != sequence:
                continue  # the late answer to a question that timed out
            interrupted |= bool(flags & NLM_F_DUMP_INTR)
            if kind in (NLMSG_DONE, NLMSG_ERROR):
                raise_error(data, start, end)
                if interrupted:
                    raise InterruptedDumpError
                return Dump(objects, generation)
            found, _, generation = NFGENMSG.unpack_from(data, start)
            objects.append((found, data[start + NFGENMSG.size : end]))


def generation(sock: socket.socket) -> int:
    """Ask for the generation of the rules: 8 us, and no rule is read."""
    sequence = next(_sequences) & 0x7FFFFFFF
    sock.send(message(SUBSYSTEM | GETGEN, 0, NFGENMSG.pack(0, 0, 0), sequence))
    while True:
        data = sock.recv(DATAGRAM)
        for kind, _, start, end in messages(data):
            if HEADER.unpack_from(data, start - HEADER.size)[3] != sequence:
                continue
            if kind == NLMSG_ERROR:
                raise_error(data, start, end)
            return number(dict(walk(data[start + NFGENMSG.size : end]))[nfta.GEN_ID])
