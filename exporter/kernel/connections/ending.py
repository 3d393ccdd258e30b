"""How a connection ends, or fails to begin: the parts of the state program for the state CLOSE."""

import errno

from exporter.kernel.bpf.instructions import (
    DOUBLE,
    FP,
    HALF,
    MAP_DELETE_ELEM,
    R0,
    R1,
    R2,
    R7,
    SKC_TO_TCP_SOCK,
    WORD,
    Code,
    Label,
    call,
    jump,
    jump_if_equal,
    jump_unless_equal,
    load,
    load_map,
    move,
    to_big_endian_16,
)
from exporter.kernel.bpf.macros import SCRATCH, look_up, offset_of, stack_pointer, zero
from exporter.kernel.connections.accounting import add_moved, add_sum, copy_key, count, find_sums
from exporter.kernel.connections.fields import Fields
from exporter.kernel.connections.identity import (
    leave_unless_kept,
    make_key,
    relabelled,
    set_role,
)
from exporter.kernel.connections.layout import (
    CLOSE,
    CONNECTION,
    ELEMENT,
    LISTEN,
    OLD_STATE,
    SOCK,
    SOCKET,
    SYN_RECV,
    SYN_SENT,
    TCP,
    Host,
    MapDescriptors,
)
from exporter.kernel.connections.records import ACCEPTED, Connection

ERROR = "inet_conn.icsk_inet.sk.sk_err"


def closes(fields: Fields, maps: MapDescriptors) -> Code:
    """Count the end of a connection that stood; go on with one that did not."""
    return [
        Label("closes"),
        jump_if_equal(R7, CLOSE, "leave"),
        jump_if_equal(R7, LISTEN, "leave"),
        *look_up(maps.connections, SOCKET),
        jump_if_equal(R0, 0, "unseen"),
        move(ELEMENT, R0),
        *copy_key(ELEMENT),
        *find_sums(maps, "sums_closes", "forget"),
        *_cast(fields),
        load(DOUBLE, R1, FP, OLD_STATE),
        jump_if_equal(R1, SYN_SENT, "fails"),
        load(DOUBLE, R1, ELEMENT, offset_of(Connection, "state")),
        jump_unless_equal(R1, SYN_SENT, "stood"),
        *count("established"),  # the program was passed over when it was
        Label("stood"),
        *count("ended"),
        *add_moved(fields, ELEMENT, 0, "_closes", SOCK),
        *fields.tcp(SOCK, TCP, WORD, ERROR),
        jump_if_equal(SOCK, 0, "forget"),
        jump_if_equal(SOCK, errno.ECONNRESET, "reset"),
        jump_if_equal(SOCK, errno.EPIPE, "reset"),
        jump_if_equal(SOCK, errno.ECONNABORTED, "aborted"),
        *count("broken"),
        jump("forget"),
        Label("reset"),
        *count("reset"),
        jump("forget"),
        Label("aborted"),
        *count("aborted"),
        jump("forget"),
    ]


def fails(fields: Fields) -> Code:
    """Count a connect that failed, by its reason. ECONNABORTED is an administrator's `ss -K`."""
    reasons = {errno.ECONNREFUSED: "refused", errno.ETIMEDOUT: "timed_out"}
    return [
        Label("fails"),
        *fields.tcp(SOCK, TCP, WORD, "total_retrans"),
        *add_sum("retransmitted", SOCK),
        *fields.tcp(SOCK, TCP, WORD, ERROR),
        jump_unless_equal(SOCK, 0, "error"),
        load(DOUBLE, SOCK, ELEMENT, offset_of(Connection, "icmp_error")),
        Label("error"),
        jump_if_equal(SOCK, 0, "gave_up"),
        jump_if_equal(SOCK, errno.ECONNABORTED, "gave_up"),
        *(jump_if_equal(SOCK, number, name) for number, name in reasons.items()),
        *count("unreachable"),
        jump("forget"),
        *(step for name in reasons.values() for step in (Label(name), *count(name), jump("forget"))),
        Label("gave_up"),
        *fields.tcp(R1, TCP, WORD, "segs_out"),
        jump_if_equal(R1, 0, "no_port"),  # no SYN was sent: there was no local port for it
        *count("abandoned"),
        jump("forget"),
        Label("no_port"),
        *count("no_port"),
    ]


def forgets(maps: MapDescriptors) -> Code:
    """Take it out of those that live."""
    return [
        Label("forget"),
        *load_map(R1, maps.connections),
        *stack_pointer(R2, SOCKET),
        call(MAP_DELETE_ELEM),
        jump("leave"),
    ]


def ends_unseen(fields: Fields, maps: MapDescriptors, host: Host) -> Code:
    """Count the end of a connection whose begin was missed: accepted, for a softirq may find the program running.

    Only where those that are older than the program were adopted; else it may be one of them.
    """
    return [
        Label("unseen"),
        jump_if_equal(R7, SYN_SENT, "leave"),
        jump_if_equal(R7, SYN_RECV, "leave"),
        *zero(SCRATCH, 8),
        *look_up(maps.complete, SCRATCH),
        jump_if_equal(R0, 0, "leave"),
        load(DOUBLE, R1, R0, 0),
        jump_if_equal(R1, 0, "leave"),
        *relabelled(make_key(fields, maps), "_unseen"),
        *_cast(fields),
        *set_role(ACCEPTED, [*fields.tcp(R1, TCP, HALF, "inet_conn.icsk_inet.inet_sport"), to_big_endian_16(R1)]),
        *relabelled(leave_unless_kept(maps, host), "_unseen"),
        *find_sums(maps, "sums_unseen"),
        *count("established"),
        *count("ended"),
        *add_moved(fields, FP, CONNECTION, "_unseen", SOCK),
    ]


def _cast(fields: Fields) -> Code:
    """TCP = the socket as a struct tcp_sock, which begins with it."""
    if not fields.direct:
        return [move(TCP, SOCK)]
    return [move(R1, SOCK), call(SKC_TO_TCP_SOCK), jump_if_equal(R0, 0, "leave"), move(TCP, R0)]
