"""How a connection begins: the parts of the state program for connect(2), listen(2), and both ends established."""

from exporter.kernel.bpf.instructions import (
    DOUBLE,
    FP,
    HALF,
    KTIME_GET_NS,
    MAP_DELETE_ELEM,
    MAP_UPDATE_ELEM,
    R0,
    R1,
    R2,
    R3,
    R4,
    R7,
    Code,
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
    store,
    store_imm,
    subtract_register,
    to_big_endian_16,
)
from exporter.kernel.bpf.macros import look_up, offset_of, stack_pointer
from exporter.kernel.connections.accounting import add_sum, copy_key, count, count_lost, find_sums
from exporter.kernel.connections.fields import Fields
from exporter.kernel.connections.identity import (
    leave_unless_kept,
    make_key,
    mark_proxy,
    record_owner,
    relabelled,
    set_role,
)
from exporter.kernel.connections.layout import (
    CONNECTION,
    ELEMENT,
    ESTABLISHED,
    NEW_STATE,
    SOCK,
    SOCKET,
    SYN_RECV,
    SYN_SENT,
    Host,
    MapDescriptors,
)
from exporter.kernel.connections.records import ACCEPTED, CONNECTED, Connection

DPORT, NUM = "sock.__sk_common.skc_dport", "sock.__sk_common.skc_num"


def connects(fields: Fields, maps: MapDescriptors, host: Host) -> Code:
    """In the process, at connect(2) and at listen(2). The local port is not chosen yet."""
    return [
        *make_key(fields, maps),
        *record_owner(fields, maps, host),
        load(DOUBLE, R1, FP, NEW_STATE),
        jump_unless_equal(R1, SYN_SENT, "leave"),
        *_peer_port(fields),
        *set_role(CONNECTED, [load(DOUBLE, R1, FP, _place("peer_port")), to_big_endian_16(R1)]),
        *leave_unless_kept(maps, host),
        *mark_proxy(),
        store_imm(DOUBLE, FP, _place("state"), SYN_SENT),
        call(KTIME_GET_NS),
        store(DOUBLE, FP, _place("since"), R0),
        *relabelled(_put(maps), "_connecting"),
        jump("leave"),
    ]


def established(maps: MapDescriptors) -> Code:
    """Count a connect that succeeded; go on with one that was accepted."""
    return [
        Label("established"),
        *look_up(maps.connections, SOCKET),
        move(ELEMENT, R0),
        jump_if_equal(R7, SYN_RECV, "answered"),
        jump_unless_equal(R7, SYN_SENT, "leave"),
        jump_if_equal(ELEMENT, 0, "leave"),
        Label("connected"),
        load(DOUBLE, R1, ELEMENT, offset_of(Connection, "state")),
        jump_unless_equal(R1, SYN_SENT, "leave"),
        store_imm(DOUBLE, ELEMENT, offset_of(Connection, "state"), ESTABLISHED),
        *copy_key(ELEMENT),
        *find_sums(maps, "sums_connected"),
        *count("established"),
        call(KTIME_GET_NS),
        load(DOUBLE, R1, ELEMENT, offset_of(Connection, "since")),
        subtract_register(R0, R1),
        *add_sum("setup_ns", R0),
        jump("leave"),
    ]


def accepted(fields: Fields, maps: MapDescriptors, host: Host) -> Code:
    """Count a connection that was accepted, mostly in a softirq. R7 is SYN_RECV, ELEMENT may be null.

    An element with the same remote port is this connection, of two ends that connect to each other at once. One with
    another belongs to a socket whose end was missed, and whose memory is used again.
    """
    return [
        Label("answered"),
        jump_if_equal(ELEMENT, 0, "accepted"),
        *fields.read(R1, SOCK, HALF, DPORT),
        load(DOUBLE, R2, ELEMENT, offset_of(Connection, "peer_port")),
        jump_unless_same(R1, R2, "another"),
        jump("connected"),
        Label("another"),
        *copy_key(ELEMENT),
        *find_sums(maps, "sums_another"),
        *count("ended"),
        *load_map(R1, maps.connections),
        *stack_pointer(R2, SOCKET),
        call(MAP_DELETE_ELEM),
        Label("accepted"),
        *relabelled(make_key(fields, maps), "_accepted"),
        *set_role(ACCEPTED, fields.read(R1, SOCK, HALF, NUM)),
        *relabelled(leave_unless_kept(maps, host), "_accepted"),
        *_peer_port(fields),
        store_imm(DOUBLE, FP, _place("state"), ESTABLISHED),
        *relabelled(_put(maps), "_accepted"),
        *find_sums(maps, "sums_accepted"),
        *count("established"),
        jump("leave"),
    ]


def _put(maps: MapDescriptors) -> Code:
    """Keep the connection on the stack; without room its begin and its end are lost."""
    return [
        *load_map(R1, maps.connections),
        *stack_pointer(R2, SOCKET),
        *stack_pointer(R3, CONNECTION),
        set_to(R4, 0),
        call(MAP_UPDATE_ELEM),
        jump_if_equal(R0, 0, "put"),
        *count_lost(maps, 2),
        Label("put"),
    ]


def _place(field: str) -> int:
    return CONNECTION + offset_of(Connection, field)


def _peer_port(fields: Fields) -> Code:
    return [*fields.read(R1, SOCK, HALF, DPORT), store(DOUBLE, FP, _place("peer_port"), R1)]
