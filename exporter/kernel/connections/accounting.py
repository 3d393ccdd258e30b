"""Finding the sums of a key and adding to them."""

from exporter.kernel.bpf.instructions import (
    BPF_NOEXIST,
    DOUBLE,
    FP,
    HALF,
    MAP_UPDATE_ELEM,
    R0,
    R1,
    R2,
    R3,
    R4,
    R5,
    WORD,
    Code,
    Label,
    add_atomically,
    bit_and,
    call,
    jump,
    jump_if_equal,
    jump_if_greater,
    jump_unless_equal,
    load,
    load_map,
    move,
    set_to,
    shift_right,
    store,
    store_imm,
    subtract_register,
)
from exporter.kernel.bpf.macros import SCRATCH, look_up, offset_of, stack_pointer, zero
from exporter.kernel.connections.fields import ADDRESS_BYTES, Fields
from exporter.kernel.connections.identity import key_place
from exporter.kernel.connections.layout import CONNECTION, COUNTS, SUMS, TCP, MapDescriptors
from exporter.kernel.connections.records import SIZE_OF_KEY, SIZE_OF_SUMS, Connection, Sums

# Bits of the field: SOCK_DONE of sk_flags says that a FIN came, which bytes_received counts as one byte.
SOCK_DONE = 1
SRTT_SHIFT = 3  # tcp_sock.srtt_us has three binary places
FLAGS = "inet_conn.icsk_inet.sk.__sk_common.skc_flags"


def count(field: str) -> Code:
    """Count one more."""
    return [set_to(R1, 1), *add_sum(field, R1)]


def add_sum(field: str, register: int) -> Code:
    """COUNTS->field += register."""
    return [add_atomically(COUNTS, offset_of(Sums, field), register)]


def copy_key(element: int) -> Code:
    """Copy the key of an element of the connections to the stack."""
    return [
        step
        for at in range(0, SIZE_OF_KEY, 8)
        for step in (load(DOUBLE, R1, element, at), store(DOUBLE, FP, CONNECTION + at, R1))
    ]


def count_lost(maps: MapDescriptors, number: int, target: str = "leave") -> Code:
    """Add to `lost` and go to the target."""
    return [
        *zero(SCRATCH, 8),
        *look_up(maps.lost, SCRATCH),
        jump_if_equal(R0, 0, target),
        set_to(R1, number),
        add_atomically(R0, 0, R1),
        jump(target),
    ]


def find_sums(maps: MapDescriptors, found: str, lost: str = "leave") -> Code:
    """COUNTS = the sums of the key on the stack, made if need be; go to the label `lost` when there is no room.

    Without room in `sums`, or in its owner's share of it, those of the same end to any address and port. `found` is a
    label of the program's own.
    """
    return [
        *_find_or_make(maps.sums, found, _take_share(maps.shares, maps.of_one, found)),
        *_any_end(found),
        *_find_or_make(maps.rest, found),
        *count_lost(maps, 1, lost),
        Label(found),
        move(COUNTS, R0),
    ]


def find_living(maps: MapDescriptors) -> Code:
    """COUNTS = the same of what lives; leave when there is no room."""
    return [
        *_find_or_make(maps.living, "living", _take_share(maps.living_shares, maps.of_one, "living")),
        *_any_end("living"),
        *_find_or_make(maps.living, "living"),
        jump("leave"),
        Label("living"),
        move(COUNTS, R0),
    ]


def _any_end(tag: str) -> Code:
    return [
        Label(tag + "_any_end"),
        *zero(key_place("local"), 2 * ADDRESS_BYTES),
        store_imm(HALF, FP, key_place("port"), 0),
    ]


def _take_share(shares: int, of_one: int, tag: str) -> Code:
    """Count one more key of the key's owner, which the key begins with; go to any end where it has all of its share."""
    return [
        *look_up(shares, CONNECTION),
        jump_unless_equal(R0, 0, tag + "_share"),
        *zero(SCRATCH, 8),
        *load_map(R1, shares),
        *stack_pointer(R2, CONNECTION),
        *stack_pointer(R3, SCRATCH),
        set_to(R4, BPF_NOEXIST),
        call(MAP_UPDATE_ELEM),
        *look_up(shares, CONNECTION),
        jump_if_equal(R0, 0, tag + "_any_end"),
        Label(tag + "_share"),
        load(DOUBLE, R1, R0, 0),
        jump_if_greater(R1, of_one - 1, tag + "_any_end"),
        set_to(R1, 1),
        add_atomically(R0, 0, R1),
    ]


def _find_or_make(sums: int, found: str, share: Code | None = None) -> Code:
    return [
        *look_up(sums, CONNECTION),
        jump_unless_equal(R0, 0, found),
        *(share or ()),
        *zero(SUMS, SIZE_OF_SUMS),
        *load_map(R1, sums),
        *stack_pointer(R2, CONNECTION),
        *stack_pointer(R3, SUMS),
        set_to(R4, BPF_NOEXIST),  # another CPU may have made them meanwhile: then those stay
        call(MAP_UPDATE_ELEM),
        *look_up(sums, CONNECTION),
        jump_unless_equal(R0, 0, found),
    ]


def payload_sent(fields: Fields, dst: int) -> Code:
    """Set dst to the bytes sent, each once: without SYN and FIN, which bytes_acked counts. Uses R0 to R5."""
    return [
        *fields.tcp(dst, TCP, DOUBLE, "bytes_sent"),
        *fields.tcp(R1, TCP, DOUBLE, "bytes_retrans"),
        subtract_register(dst, R1),
    ]


def payload_received(fields: Fields, dst: int) -> Code:
    """Set dst to the bytes received without the FIN. Uses R0 to R5; dst is a register that a helper leaves alone."""
    return [
        *fields.tcp(dst, TCP, DOUBLE, FLAGS),
        shift_right(dst, SOCK_DONE),
        bit_and(dst, 1),
        *fields.tcp(R1, TCP, DOUBLE, "bytes_received"),
        subtract_register(R1, dst),
        move(dst, R1),
    ]


def add_moved(fields: Fields, element: int, place: int, tag: str, free: int) -> Code:
    """Add what TCP has moved since the connection was adopted, and its round trip. `free` is a register to use."""

    def since(field: str, read: Code) -> Code:
        return [
            *read,
            load(DOUBLE, R5, element, place + offset_of(Connection, field)),
            subtract_register(free, R5),
            *add_sum(field, free),
        ]

    return [
        *since("sent", payload_sent(fields, free)),
        *since("received", payload_received(fields, free)),
        *since("retransmitted", fields.tcp(free, TCP, WORD, "total_retrans")),
        *fields.tcp(free, TCP, WORD, "srtt_us"),
        shift_right(free, SRTT_SHIFT),
        jump_if_equal(free, 0, "no_round_trip" + tag),
        *add_sum("round_trip_us", free),
        *count("round_trips"),
        Label("no_round_trip" + tag),
    ]
