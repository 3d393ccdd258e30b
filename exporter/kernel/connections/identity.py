"""Whose connection it is: the key of its sums, the name of its cgroup, and whether it is kept at all."""

from collections.abc import Iterator

from msgspec.structs import replace

from exporter.core.connections.reading import Near
from exporter.kernel.bpf.container_name import container_name
from exporter.kernel.bpf.instructions import (
    BYTE,
    DOUBLE,
    FP,
    GET_CURRENT_CGROUP_ID,
    GET_CURRENT_COMM,
    GET_CURRENT_TASK_BTF,
    HALF,
    MAP_UPDATE_ELEM,
    R0,
    R1,
    R2,
    R3,
    R4,
    R8,
    R9,
    WORD,
    Code,
    Instruction,
    Label,
    call,
    jump,
    jump_if_equal,
    jump_unless_equal,
    jump_unless_same,
    load,
    load_map,
    move,
    set_to,
    set_to_double,
    store,
    store_imm,
)
from exporter.kernel.bpf.macros import look_up, offset_of, stack_pointer, zero
from exporter.kernel.connections.fields import ADDRESS_BYTES, Fields
from exporter.kernel.connections.layout import CONNECTION, NAME, NEARNESS, PREFIX, SOCK, Host, MapDescriptors
from exporter.kernel.connections.records import CONNECTED, SIZE_OF_CONNECTION, Key

ADDRESS_BITS = 128
ROOT_CGROUP = 1
PROXY = int.from_bytes(b"docker-p", "little")  # how the name of a docker-proxy begins
COMM_BYTES = 16


def key_place(field: str) -> int:
    """Return where a field of the key is on the stack."""
    return CONNECTION + offset_of(Key, field)


def relabelled(code: Code, tag: str) -> Code:
    """Return a copy whose own labels have a tag, to have a sequence twice in one program."""
    own = {item.name for item in code if isinstance(item, Label)}
    return list(_relabelled(code, own, tag))


def _relabelled(code: Code, own: set[str], tag: str) -> Iterator[Instruction | Label]:
    for item in code:
        if isinstance(item, Label):
            yield Label(item.name + tag)
        else:
            yield replace(item, target=item.target + tag) if item.target in own else item


def make_key(fields: Fields, maps: MapDescriptors) -> Code:
    """Write the key of SOCK without role and port, the rest of the connection zero; NEARNESS of the remote address."""
    return [
        *zero(CONNECTION, SIZE_OF_CONNECTION),
        *fields.read(R9, SOCK, DOUBLE, "sock.__sk_common.skc_net.net"),
        *fields.read(R1, R9, DOUBLE, "net.net_cookie"),
        store(DOUBLE, FP, key_place("netns_cookie"), R1),
        *fields.read(R1, R9, WORD, "net.ns.inum"),
        store(WORD, FP, key_place("netns"), R1),
        *fields.read(R9, SOCK, DOUBLE, "sock.sk_cgrp_data.cgroup"),
        *fields.read(R9, R9, DOUBLE, "cgroup.kn"),
        *fields.read(R1, R9, DOUBLE, "kernfs_node.id"),
        store(DOUBLE, FP, key_place("cgroup"), R1),
        *fields.copy_address(key_place("local"), SOCK, "sock.__sk_common.skc_v6_rcv_saddr"),
        *fields.copy_address(key_place("remote"), SOCK, "sock.__sk_common.skc_v6_daddr"),
        *_nearness(maps),
    ]


def _nearness(maps: MapDescriptors) -> Code:
    """Look the remote address up, and replace one that is not near by ::."""
    remote = key_place("remote")
    return [
        store_imm(WORD, FP, PREFIX, ADDRESS_BITS),
        *(
            step
            for at in range(0, ADDRESS_BYTES, 4)
            for step in (load(WORD, R1, FP, remote + at), store(WORD, FP, PREFIX + 4 + at, R1))
        ),
        store_imm(DOUBLE, FP, NEARNESS, 0),
        *look_up(maps.near, PREFIX),
        jump_unless_equal(R0, 0, "near"),
        *zero(remote, ADDRESS_BYTES),
        jump("far"),
        Label("near"),
        load(BYTE, R1, R0, 0),
        store(DOUBLE, FP, NEARNESS, R1),
        Label("far"),
    ]


def set_role(role: int, port: Code) -> Code:
    """Write role and port of the key; `port` leaves it in R1, in the machine's order."""
    return [*port, store(HALF, FP, key_place("port"), R1), store_imm(BYTE, FP, key_place("role"), role)]


def mark_proxy() -> Code:
    """Write key.proxy; in the process that connects. Uses the place of the name."""
    return [
        *stack_pointer(R1, NAME),
        set_to(R2, COMM_BYTES),
        call(GET_CURRENT_COMM),
        load(DOUBLE, R1, FP, NAME),
        *set_to_double(R2, PROXY),
        jump_unless_same(R1, R2, "not_proxy"),
        store_imm(BYTE, FP, key_place("proxy"), 1),
        Label("not_proxy"),
    ]


def record_owner(fields: Fields, maps: MapDescriptors, host: Host) -> Code:
    """Keep the name of the socket's cgroup, once; in a process that connects or listens.

    The name is of the running process: not kept for a socket that it was handed from another cgroup, nor for the
    host's sockets where all of them have the root's cgroup.
    """
    return [
        *look_up(maps.owners, CONNECTION),
        jump_unless_equal(R0, 0, "owned"),
        call(GET_CURRENT_CGROUP_ID),
        load(DOUBLE, R1, FP, key_place("cgroup")),
        jump_unless_same(R0, R1, "owned"),
        jump_unless_equal(R1, ROOT_CGROUP, "not_root"),
        load(DOUBLE, R1, FP, key_place("netns_cookie")),
        *set_to_double(R2, host.netns_cookie),
        jump_unless_same(R1, R2, "not_root"),
        jump("owned"),
        Label("not_root"),
        call(GET_CURRENT_TASK_BTF),
        move(R8, R0),
        *container_name(fields.btf, R8, NAME),
        *load_map(R1, maps.owners),
        *stack_pointer(R2, CONNECTION),
        *stack_pointer(R3, NAME),
        set_to(R4, 0),
        call(MAP_UPDATE_ELEM),
        Label("owned"),
    ]


def leave_unless_kept(maps: MapDescriptors, host: Host) -> Code:
    """Leave for connections inside of one namespace over loopback, and for the host's that no container has part in.

    Kept of the host's: those with an address of a Docker subnet, those of containers in host mode, and those to a
    published port.
    """
    return [
        load(DOUBLE, R3, FP, NEARNESS),
        load(DOUBLE, R1, FP, key_place("netns_cookie")),
        *set_to_double(R2, host.netns_cookie),
        jump_unless_same(R1, R2, "inside"),
        jump_if_equal(R3, Near.SUBNET, "kept"),
        *look_up(maps.owners, CONNECTION),
        jump_if_equal(R0, 0, "of_host"),
        load(BYTE, R1, R0, 0),
        jump_unless_equal(R1, 0, "kept"),
        Label("of_host"),
        load(BYTE, R1, FP, key_place("role")),
        jump_unless_equal(R1, CONNECTED, "to_host"),
        load(DOUBLE, R3, FP, NEARNESS),
        jump_if_equal(R3, 0, "leave"),
        Label("to_host"),
        *look_up(maps.published, key_place("port")),
        jump_if_equal(R0, 0, "leave"),
        jump("kept"),
        Label("inside"),
        jump_if_equal(R3, Near.LOOPBACK, "leave"),
        Label("kept"),
    ]
