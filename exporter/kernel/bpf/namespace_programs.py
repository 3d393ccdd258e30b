"""BPF programs that choose the socket for a packet in a network namespace, or drop it. Source: linux/bpf.h."""

import os
from contextlib import suppress
from pathlib import Path

from exporter.errors import SourceError
from exporter.kernel.bpf.attributes import ProgramQuery
from exporter.kernel.bpf.programs import bpf
from exporter.kernel.bpf.tcx import BPF_PROG_QUERY

BPF_SK_LOOKUP = 36
OWN = Path("/proc/thread-self/ns/net")


def has_socket_lookup(namespace: Path = OWN) -> bool:
    """Whether there is one in a namespace, that of the calling thread; False where that cannot be read.

    Needs CAP_NET_ADMIN.
    """
    with suppress(OSError, SourceError):  # a kernel without such programs, a process without the right
        target = os.open(namespace, os.O_RDONLY | os.O_CLOEXEC)
        try:
            query = ProgramQuery(target=target, attach_type=BPF_SK_LOOKUP)
            bpf(BPF_PROG_QUERY, query)
            return bool(query.prog_cnt)
        finally:
            os.close(target)
    return False
