"""The program at sock:inet_sock_set_state: it keeps what lives, and counts begin, failure and end of each connection.

Other changes of state cost its first five instructions. It runs before the new state is written.
"""

import socket

from exporter.kernel.bpf.instructions import (
    DOUBLE,
    FP,
    HALF,
    R0,
    R1,
    R7,
    R8,
    WORD,
    Label,
    assemble,
    jump,
    jump_if_equal,
    jump_unless_equal,
    leave,
    load,
    set_to,
    store,
)
from exporter.kernel.connections.beginning import accepted, connects, established
from exporter.kernel.connections.ending import closes, ends_unseen, fails, forgets
from exporter.kernel.connections.fields import Fields
from exporter.kernel.connections.layout import (
    CLOSE,
    ESTABLISHED,
    LISTEN,
    NEW_STATE,
    OLD_STATE,
    SOCK,
    SOCKET,
    SYN_SENT,
    Host,
    MapDescriptors,
)

# Arguments of the tracepoint (include/trace/events/sock.h), eight bytes each.
ARG_SOCK, ARG_OLD, ARG_NEW = 0, 8, 16


def state_program(fields: Fields, maps: MapDescriptors, host: Host) -> bytes:
    """Return the program."""
    return assemble(
        [
            load(WORD, R8, R1, ARG_NEW),
            *(jump_if_equal(R8, state, "counted") for state in (SYN_SENT, ESTABLISHED, CLOSE, LISTEN)),
            jump("leave"),
            Label("counted"),
            load(DOUBLE, SOCK, R1, ARG_SOCK),
            load(WORD, R7, R1, ARG_OLD),
            *fields.read(R1, SOCK, HALF, "sock.sk_protocol"),
            jump_unless_equal(R1, socket.IPPROTO_TCP, "leave"),
            store(DOUBLE, FP, SOCKET, SOCK),
            store(DOUBLE, FP, OLD_STATE, R7),
            store(DOUBLE, FP, NEW_STATE, R8),
            jump_if_equal(R8, CLOSE, "closes"),
            jump_if_equal(R8, ESTABLISHED, "established"),
            *connects(fields, maps, host),
            *established(maps),
            *accepted(fields, maps, host),
            *closes(fields, maps),
            *fails(fields),
            *forgets(maps),
            *ends_unseen(fields, maps, host),
            Label("leave"),
            set_to(R0, 0),
            leave(),
        ]
    )
