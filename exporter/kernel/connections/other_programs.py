"""The further programs: ICMP errors, the walk of what lives, the adoption of older connections."""

import socket

from exporter.kernel.bpf.instructions import (
    BPF_NOEXIST,
    BYTE,
    DOUBLE,
    FOR_EACH_MAP_ELEM,
    FP,
    HALF,
    MAP_DELETE_ELEM,
    MAP_UPDATE_ELEM,
    R0,
    R1,
    R2,
    R3,
    R4,
    R6,
    R8,
    SKC_TO_TCP_SOCK,
    WORD,
    Code,
    Label,
    add_register,
    assemble,
    call,
    jump,
    jump_if_equal,
    jump_unless_equal,
    jump_unless_same,
    leave,
    load,
    load_function,
    load_map,
    move,
    set_to,
    shift_left,
    shift_right,
    store,
    store_imm,
    subtract_register,
    to_big_endian_16,
)
from exporter.kernel.bpf.macros import look_up, offset_of, stack_pointer
from exporter.kernel.connections.accounting import (
    add_moved,
    copy_key,
    count,
    find_living,
    payload_received,
    payload_sent,
)
from exporter.kernel.connections.fields import Fields
from exporter.kernel.connections.identity import leave_unless_kept, make_key, set_role
from exporter.kernel.connections.layout import (
    CLOSE,
    CLOSE_WAIT,
    CONNECTION,
    ELEMENT,
    ESTABLISHED,
    SOCK,
    SOCKET,
    SYN_SENT,
    TCP,
    Host,
    MapDescriptors,
)
from exporter.kernel.connections.records import ACCEPTED, CONNECTED, Connection

STATE, DPORT, NUM = (f"sock.__sk_common.skc_{name}" for name in ("state", "dport", "num"))
END: Code = [Label("leave"), set_to(R0, 0), leave()]
NO_STATE = 0  # in memory that the kernel has given back
CONTEXT_SOCK = 8  # struct bpf_iter__tcp: meta, sk_common


def error_program(fields: Fields, maps: MapDescriptors) -> bytes:
    """At sock:inet_sk_error_report: mark a connection that is being made and gets an ICMP error.

    While connect(2) holds the socket the error is soft, and the application's getsockopt(SO_ERROR) clears it: nothing
    of it is left when the socket closes.
    """
    return assemble(
        [
            load(DOUBLE, SOCK, R1, 0),
            *fields.read(R1, SOCK, HALF, "sock.sk_protocol"),
            jump_unless_equal(R1, socket.IPPROTO_TCP, "leave"),
            *fields.read(R1, SOCK, BYTE, STATE),
            jump_unless_equal(R1, SYN_SENT, "leave"),
            store(DOUBLE, FP, SOCKET, SOCK),
            *look_up(maps.connections, SOCKET),
            jump_if_equal(R0, 0, "leave"),
            store_imm(DOUBLE, R0, offset_of(Connection, "icmp_error"), 1),
            *END,
        ]
    )


def walk_program(fields: Fields, maps: MapDescriptors) -> tuple[bytes, int]:
    """Return the program that adds up `living`, run by hand, and the number of its callback's first instruction.

    A socket may end while it is walked: its memory stays a struct sock, in another state or with another port.
    """
    tail: Code = [set_to(R3, 0), set_to(R4, 0), call(FOR_EACH_MAP_ELEM), set_to(R0, 0), leave()]
    main: Code = [*load_map(R1, maps.connections), *load_function(R2, len(tail)), *tail]
    callback: Code = [
        move(ELEMENT, R3),
        load(DOUBLE, TCP, R2, 0),
        store(DOUBLE, FP, SOCKET, TCP),
        *fields.read(R1, TCP, HALF, DPORT),
        load(DOUBLE, R2, ELEMENT, offset_of(Connection, "peer_port")),
        jump_unless_same(R1, R2, "gone"),
        *fields.read(R6, TCP, BYTE, STATE),
        jump_if_equal(R6, CLOSE, "gone"),
        jump_if_equal(R6, NO_STATE, "gone"),
        *copy_key(ELEMENT),
        *find_living(maps),
        jump_if_equal(R6, SYN_SENT, "connecting"),
        *count("established"),
        *add_moved(fields, ELEMENT, 0, "", R6),
        jump("leave"),
        Label("connecting"),
        *count("connecting"),
        jump("leave"),
        Label("gone"),
        *load_map(R1, maps.connections),
        *stack_pointer(R2, SOCKET),
        call(MAP_DELETE_ELEM),
        *END,
    ]
    return assemble([*main, *callback]), len(main)


def adoption_program(fields: Fields, maps: MapDescriptors, host: Host) -> bytes:
    """For each TCP socket of a namespace: keep one that stands, with what it has moved so far.

    Acknowledged bytes and those in flight are one more than the sent ones where this end sent the SYN.
    """
    return assemble(
        [
            load(DOUBLE, SOCK, R1, CONTEXT_SOCK),
            jump_if_equal(SOCK, 0, "leave"),
            move(R1, SOCK),
            call(SKC_TO_TCP_SOCK),
            jump_if_equal(R0, 0, "leave"),
            move(TCP, R0),
            move(SOCK, R0),
            *fields.read(R1, SOCK, BYTE, STATE),
            jump_if_equal(R1, ESTABLISHED, "stands"),
            jump_unless_equal(R1, CLOSE_WAIT, "leave"),
            Label("stands"),
            *make_key(fields, maps),
            store(DOUBLE, FP, SOCKET, SOCK),
            *_moved_before(fields),
            *_role(fields),
            *leave_unless_kept(maps, host),
            store_imm(DOUBLE, FP, CONNECTION + offset_of(Connection, "state"), ESTABLISHED),
            *load_map(R1, maps.connections),
            *stack_pointer(R2, SOCKET),
            *stack_pointer(R3, CONNECTION),
            set_to(R4, BPF_NOEXIST),
            call(MAP_UPDATE_ELEM),
            *END,
        ]
    )


def _moved_before(fields: Fields) -> Code:
    def keep(field: str, read: Code) -> Code:
        return [*read, store(DOUBLE, FP, CONNECTION + offset_of(Connection, field), R8)]

    return [
        *keep("received", payload_received(fields, R8)),
        *keep("retransmitted", fields.tcp(R8, TCP, WORD, "total_retrans")),
        *keep("peer_port", fields.read(R8, SOCK, HALF, DPORT)),
        *keep("sent", payload_sent(fields, R8)),  # last: R8 is used by _role
    ]


def _role(fields: Fields) -> Code:
    """R8 are the bytes sent. The sequence numbers are of 32 bits."""
    return [
        *fields.tcp(R2, TCP, WORD, "snd_nxt"),
        *fields.tcp(R1, TCP, WORD, "snd_una"),
        subtract_register(R2, R1),
        shift_left(R2, 32),
        shift_right(R2, 32),
        *fields.tcp(R1, TCP, DOUBLE, "bytes_acked"),
        add_register(R2, R1),
        subtract_register(R2, R8),
        jump_if_equal(R2, 0, "accepted"),
        *set_role(CONNECTED, [*fields.read(R1, SOCK, HALF, DPORT), to_big_endian_16(R1)]),
        jump("role"),
        Label("accepted"),
        *set_role(ACCEPTED, fields.read(R1, SOCK, HALF, NUM)),
        Label("role"),
    ]
