"""The failed call: the socket behind its descriptor, and the address and port that it requested."""

import platform
import socket

from exporter.errors import SourceError
from exporter.kernel.bind_failures.layout import ARGUMENT, KEY, SOCK, TASK
from exporter.kernel.bind_failures.records import Refusal
from exporter.kernel.bpf.btf import Btf
from exporter.kernel.bpf.instructions import (
    FP,
    HALF,
    R0,
    R1,
    R9,
    TASK_PT_REGS,
    WORD,
    Code,
    Label,
    add_register,
    call,
    jump,
    jump_if_equal,
    jump_unless_equal,
    load,
    move,
    shift_left,
    store,
    to_big_endian_16,
)
from exporter.kernel.bpf.macros import SCRATCH, dereference, offset_of, read_kernel, read_user

# struct pt_regs at the end of a system call: its first two arguments, as a field and bytes to go on from there.
ARGUMENTS = {
    "x86_64": (("pt_regs.di", 0), ("pt_regs.si", 0)),
    "aarch64": (("pt_regs.orig_x0", 0), ("pt_regs.regs", 8)),  # regs[0] is the result by then
}

# struct sockaddr_in, struct sockaddr_in6
SIN_PORT, SIN_ADDR, SIN6_ADDR = 2, 4, 8

ADDRESS, PORT = KEY + offset_of(Refusal, "address"), KEY + offset_of(Refusal, "port")


def arguments(btf: Btf) -> Code:
    """ARGUMENT = the call's second argument; R9 = its first, a descriptor, which is an int."""
    machine = platform.machine()
    if machine not in ARGUMENTS:
        raise SourceError("unsupported", f"no registers are known for {machine}")
    (first, first_on), (second, second_on) = ARGUMENTS[machine]
    return [
        move(R1, TASK),
        call(TASK_PT_REGS),
        move(R9, R0),  # struct pt_regs *regs = bpf_task_pt_regs(task)
        *dereference(ARGUMENT, R9, btf.offset(second) + second_on),
        *read_kernel(SCRATCH, 4, R9, btf.offset(first) + first_on),
        load(WORD, R9, FP, SCRATCH),
    ]


def socket_behind(btf: Btf) -> Code:
    """SOCK = ((struct socket *)task->files->fdt->fd[R9]->private_data)->sk; left unless it is IPv4 or IPv6."""
    return [
        *dereference(SOCK, TASK, btf.offset("task_struct.files")),
        *dereference(SOCK, SOCK, btf.offset("files_struct.fdt")),
        *dereference(SOCK, SOCK, btf.offset("fdtable.fd")),
        shift_left(R9, 3),
        add_register(SOCK, R9),
        *dereference(SOCK, SOCK, 0),  # struct file *
        *dereference(SOCK, SOCK, btf.offset("file.private_data")),
        *dereference(SOCK, SOCK, btf.offset("socket.sk")),
        *read_kernel(KEY + offset_of(Refusal, "family"), 2, SOCK, btf.offset("sock.__sk_common.skc_family")),
        load(HALF, R1, FP, KEY + offset_of(Refusal, "family")),
        jump_if_equal(R1, socket.AF_INET, "internet"),
        jump_unless_equal(R1, socket.AF_INET6, "leave"),
        Label("internet"),
        *read_kernel(KEY + offset_of(Refusal, "protocol"), 2, SOCK, btf.offset("sock.sk_protocol")),
        *dereference(R9, SOCK, btf.offset("sock.__sk_common.skc_net.net")),
        *read_kernel(KEY + offset_of(Refusal, "netns"), 4, R9, btf.offset("net.ns.inum")),
    ]


def requested() -> Code:
    """Read address and port from the struct sockaddr passed to bind(2): the socket does not have them."""
    return [
        *_by_family(
            ipv4=read_user(ADDRESS, 4, ARGUMENT, SIN_ADDR),
            ipv6=read_user(ADDRESS, 16, ARGUMENT, SIN6_ADDR),
        ),
        *read_user(PORT, 2, ARGUMENT, SIN_PORT),
        load(HALF, R1, FP, PORT),
        to_big_endian_16(R1),  # ntohs
        store(HALF, FP, PORT, R1),
    ]


def bound_to(btf: Btf) -> Code:
    """Read address and port from the socket: listen(2) holds them exclusively, others share them."""
    return [
        *_by_family(
            ipv4=read_kernel(ADDRESS, 4, SOCK, btf.offset("sock.__sk_common.skc_rcv_saddr")),
            ipv6=read_kernel(ADDRESS, 16, SOCK, btf.offset("sock.__sk_common.skc_v6_rcv_saddr")),
        ),
        *read_kernel(PORT, 2, SOCK, btf.offset("sock.__sk_common.skc_num")),
    ]


def _by_family(ipv4: Code, ipv6: Code) -> Code:
    return [
        load(HALF, R1, FP, KEY + offset_of(Refusal, "family")),
        jump_if_equal(R1, socket.AF_INET6, "ipv6"),
        *ipv4,
        jump("port"),
        Label("ipv6"),
        *ipv6,
        Label("port"),
    ]
