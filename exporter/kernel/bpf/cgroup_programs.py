"""BPF programs that decide about packets and connections of a cgroup: at it, or at a cgroup above it.

Those with which systemd counts bytes (IPAccounting=) pass every packet, and are left out. Needs CAP_NET_ADMIN, and
CAP_SYS_ADMIN to distinguish these from others. Source: linux/bpf.h (enum bpf_attach_type).
"""

import ctypes
import os
from contextlib import suppress
from pathlib import Path

from exporter.errors import SourceError
from exporter.kernel.bpf.attributes import ObjectInfo, ProgramById, ProgramHead, ProgramQuery
from exporter.kernel.bpf.programs import BPF_OBJ_GET_INFO_BY_FD, bpf
from exporter.kernel.bpf.tcx import BPF_PROG_QUERY

BPF_PROG_GET_FD_BY_ID = 13
EFFECTIVE = 1  # of query_flags: those of the cgroups above it too (BPF_F_QUERY_EFFECTIVE)
ROOM = 64  # at one cgroup and of one type (linux/bpf-cgroup.h: BPF_CGROUP_MAX_PROGS)
ATTACH_TYPES = {
    "ingress": 0,
    "egress": 1,
    "sock_create": 2,
    "connect4": 10,
    "connect6": 11,
    "sendmsg4": 14,
    "sendmsg6": 15,
    "recvmsg4": 19,
    "recvmsg6": 20,
}
# src/core/bpf-firewall.c: the program that has lists of addresses has a map for each, besides that of the counters.
SYSTEMD, COUNTERS = b"sd_fw_", 1


def read_cgroup_programs(cgroup: Path) -> frozenset[str]:
    """Return the attach types of such programs; none where they cannot be read. Raises OSError without the cgroup."""
    folder = os.open(cgroup, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return frozenset(name for name, attach_type in ATTACH_TYPES.items() if _decides(folder, attach_type))
    finally:
        os.close(folder)


def _decides(folder: int, attach_type: int) -> bool:
    ids = (ctypes.c_uint32 * ROOM)()
    query = ProgramQuery(
        target=folder,
        attach_type=attach_type,
        query_flags=EFFECTIVE,
        prog_ids=ctypes.addressof(ids),
        prog_cnt=ROOM,
    )
    with suppress(OSError, SourceError):  # a kernel without such programs, a process without the right
        bpf(BPF_PROG_QUERY, query)
        return not all(map(_only_counts, ids[: query.prog_cnt]))
    return False


def _only_counts(program_id: int) -> bool:
    with suppress(OSError):
        program = bpf(BPF_PROG_GET_FD_BY_ID, ProgramById(prog_id=program_id))
        try:
            info = ProgramHead()
            size, place = ctypes.sizeof(info), ctypes.addressof(info)
            bpf(BPF_OBJ_GET_INFO_BY_FD, ObjectInfo(bpf_fd=program, info_len=size, info=place))
        finally:
            os.close(program)
        return bool(info.name.startswith(SYSTEMD) and info.nr_map_ids <= COUNTERS)
    return False
