"""The BPF programs: at the end of bind(2) and of listen(2), when the result is -EADDRINUSE, count who was refused what.

A call that ends otherwise costs the first three instructions: `result` is where the program's context has the call's
result. The registers of the process still hold the call's arguments when it ends, so nothing is kept from its
beginning.

The verifier of the kernel proves before a program runs that it ends and touches nothing but its stack and maps.
"""

import errno

from msgspec import Struct

from exporter.kernel.bind_failures.layout import INDEX, KEY, TASK, VALUE
from exporter.kernel.bind_failures.records import SIZE_OF_REFUSAL, SIZE_OF_TALLY, Tally
from exporter.kernel.bind_failures.refused import arguments, bound_to, requested, socket_behind
from exporter.kernel.bind_failures.requester import container, process
from exporter.kernel.bind_failures.share import Quota, take_share
from exporter.kernel.bpf.btf import Btf
from exporter.kernel.bpf.instructions import (
    BPF_NOEXIST,
    DOUBLE,
    FP,
    GET_CURRENT_PID_TGID,
    GET_CURRENT_TASK_BTF,
    GET_CURRENT_UID_GID,
    KTIME_GET_NS,
    MAP_UPDATE_ELEM,
    R0,
    R1,
    R2,
    R3,
    R4,
    R7,
    R9,
    Code,
    Label,
    add_atomically,
    assemble,
    call,
    jump,
    jump_if_equal,
    jump_unless_equal,
    leave,
    load,
    load_map,
    move,
    set_to,
    shift_left,
    shift_right,
    store,
)
from exporter.kernel.bpf.macros import look_up, offset_of, stack_pointer, zero

TALLY = R7  # where the socket was, which is not needed any more


class MapDescriptors(Struct, frozen=True):
    """The maps that the programs write: a hash of tallies by refusal, one of their numbers by share, and a counter."""

    refusals: int
    shares: int
    lost: int


def bind_program(btf: Btf, maps: MapDescriptors, quota: Quota, result: int) -> bytes:
    """Return the program for the end of bind."""
    return _program(requested(), btf, maps, quota, result)


def listen_program(btf: Btf, maps: MapDescriptors, quota: Quota, result: int) -> bytes:
    """Return the program for the end of listen: sockets that were bound to one port may not all listen."""
    return _program(bound_to(btf), btf, maps, quota, result)


def _program(where: Code, btf: Btf, maps: MapDescriptors, quota: Quota, result: int) -> bytes:
    return assemble(
        [
            load(DOUBLE, R0, R1, result),
            jump_unless_equal(R0, -errno.EADDRINUSE, "leave"),  # if (result != -EADDRINUSE) return 0
            *zero(KEY, SIZE_OF_REFUSAL),
            call(GET_CURRENT_TASK_BTF),
            move(TASK, R0),  # struct task_struct *task = bpf_get_current_task_btf()
            *arguments(btf),
            *socket_behind(btf),
            *where,
            *process(btf),
            *container(btf),
            *_count(maps, quota),
            Label("leave"),
            set_to(R0, 0),
            leave(),
        ]
    )


def _count(maps: MapDescriptors, quota: Quota) -> Code:
    """Find or make the tally and add one to it. Where there is no room for another one, `lost` is the one."""
    return [
        call(KTIME_GET_NS),
        move(R9, R0),  # u64 now = bpf_ktime_get_ns()
        *look_up(maps.refusals, KEY),
        jump_unless_equal(R0, 0, "found"),  # struct tally *tally = lookup(refusals, &key); if (!tally) {
        *zero(VALUE, SIZE_OF_TALLY),
        store(DOUBLE, FP, VALUE + offset_of(Tally, "last"), R9),
        *take_share(maps.shares, quota),  #     if (no share is left) goto lost
        *load_map(R1, maps.refusals),
        *stack_pointer(R2, KEY),
        *stack_pointer(R3, VALUE),
        set_to(R4, BPF_NOEXIST),  # another CPU may have made it meanwhile: then that one stays
        call(MAP_UPDATE_ELEM),  #     update(refusals, &key, &value, BPF_NOEXIST)
        *look_up(maps.refusals, KEY),
        jump_unless_equal(R0, 0, "found"),
        Label("lost"),
        *zero(INDEX, 8),
        *look_up(maps.lost, INDEX),
        jump_if_equal(R0, 0, "leave"),
        set_to(R1, 1),
        add_atomically(R0, 0, R1),  #     lost[0] += 1
        jump("leave"),  #                 return 0 }
        Label("found"),
        move(TALLY, R0),
        store(DOUBLE, TALLY, offset_of(Tally, "last"), R9),  # tally->last = now
        call(GET_CURRENT_PID_TGID),
        shift_right(R0, 32),
        store(DOUBLE, TALLY, offset_of(Tally, "pid"), R0),  # tally->pid = bpf_get_current_pid_tgid() >> 32
        call(GET_CURRENT_UID_GID),
        shift_left(R0, 32),
        shift_right(R0, 32),
        store(DOUBLE, TALLY, offset_of(Tally, "uid"), R0),  # tally->uid = (u32)bpf_get_current_uid_gid()
        set_to(R1, 1),
        # Last: a new tally is read when its count is 1.
        add_atomically(TALLY, offset_of(Tally, "count"), R1),  # tally->count += 1
    ]
