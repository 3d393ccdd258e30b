"""tc filters of clsact and ingress qdiscs, qdiscs that lose packets, XDP and tcx programs, of all devices.

What they do with packets is not decoded. Filters of other qdiscs choose a class; which one is not evaluated.
Sources: linux/rtnetlink.h, linux/pkt_sched.h, linux/if_link.h. Needs no privilege, tcx needs CAP_NET_ADMIN.
"""

import errno
import socket
import struct
from collections.abc import Iterable, Iterator

from exporter.core.model.device_filters import EGRESS, INGRESS, DeviceFilter
from exporter.kernel.bpf.tcx import BPF_TCX_EGRESS, BPF_TCX_INGRESS, count_tcx
from exporter.kernel.links.links import IFINFOMSG, dump_request
from exporter.kernel.netlink.client import ask_again
from exporter.kernel.netlink.messages import U8, U32, Data, attributes, head, message, text
from exporter.kernel.netlink.numbers import (
    NLM_F_DUMP,
    RTM_GETQDISC,
    RTM_GETTCLASS,
    RTM_GETTFILTER,
    RTM_NEWLINK,
    RTM_NEWQDISC,
    RTM_NEWTCLASS,
    RTM_NEWTFILTER,
)

TCMSG = struct.Struct("=BBHiIII")  # family, pad, pad, ifindex, handle, parent, info
TCA_KIND, TCA_OPTIONS = 1, 2
FILTER_PARENTS = {INGRESS: 0xFFFFFFF2, EGRESS: 0xFFFFFFF3}  # TC_H_CLSACT with TC_H_MIN_INGRESS, TC_H_MIN_EGRESS
FILTERING = {"clsact": (INGRESS, EGRESS), "ingress": (INGRESS,)}
NETEM, TCA_NETEM_LOSS = "netem", 5
NETEM_OPTIONS = struct.Struct("=6I")  # struct tc_netem_qopt: latency, limit, loss, gap, duplicate, jitter
FIFOS = {"pfifo": 1, "bfifo": 1514}  # the least limit that takes a frame: of packets, of bytes
TBF, HFSC, HTB = "tbf", "hfsc", "htb"
# They drop what no filter puts into a class, or what a program has not prepared, or hold all packets back.
LOSING = frozenset({"blackhole", "drr", "qfq", "etf", "plug"})
TCA_TBF_PARMS, TCA_TBF_RATE64 = 1, 4
TBF_OPTIONS = struct.Struct("=8xI12x2I4x")  # struct tc_tbf_qopt: the rate in bytes per second, limit, buffer
RATE64 = struct.Struct("=Q")
HFSC_OPTIONS = struct.Struct("=H")  # struct tc_hfsc_qopt: the class of all other packets, 0 for none
TCA_HTB_PARMS, TCA_HTB_INIT, TCA_HTB_CEIL64 = 1, 2, 7
HTB_OPTIONS = struct.Struct("=20xI")  # struct tc_htb_opt: the rate of `ceil`, its second struct tc_ratespec
HTB_INIT = struct.Struct("=8xI")  # struct tc_htb_glob: defcls
MINOR = 0xFFFF
TICK = 64  # ns in which `buffer` counts (net/pkt_sched.h: PSCHED_SHIFT)
FRAME = 1514  # bytes
IFLA_XDP, IFLA_XDP_ATTACHED = 43, 2
TCX = {INGRESS: BPF_TCX_INGRESS, EGRESS: BPF_TCX_EGRESS}


def read_device_filters(sock: socket.socket) -> tuple[DeviceFilter, ...]:
    """Read all of the socket's namespace, which must be the thread's own. Raises OSError."""
    found: list[DeviceFilter] = []
    for ifindex, name, options in _read_qdiscs(sock):
        if loses(name, options):
            found.append(DeviceFilter(ifindex, EGRESS, f"qdisc {name}"))
        if name == HTB and (slow := slow_class(default_class(options), _read_classes(sock, ifindex))):
            found.append(DeviceFilter(ifindex, EGRESS, slow))
        for direction in FILTERING.get(name, ()):
            found += _read_filters(sock, ifindex, direction)
    for kind, data, start, end in ask_again(sock, dump_request()):
        if kind == RTM_NEWLINK:
            found += _programs(data, start, end)
    return tuple(dict.fromkeys(found))


def _read_qdiscs(sock: socket.socket) -> list[tuple[int, str, bytes]]:
    try:
        answers = ask_again(sock, message(RTM_GETQDISC, NLM_F_DUMP, TCMSG.pack(*[0] * 7)))
    except OSError as error:
        if error.errno != errno.EOPNOTSUPP:  # a kernel without qdiscs
            raise
        return []
    return [parse_qdisc(data, start, end) for kind, data, start, end in answers if kind == RTM_NEWQDISC]


def _read_filters(sock: socket.socket, ifindex: int, direction: str) -> Iterator[DeviceFilter]:
    body = TCMSG.pack(0, 0, 0, ifindex, 0, FILTER_PARENTS[direction], 0)
    for kind, data, start, end in ask_again(sock, message(RTM_GETTFILTER, NLM_F_DUMP, body)):
        if kind == RTM_NEWTFILTER:
            yield parse_filter(ifindex, direction, data, start, end)


def _read_classes(sock: socket.socket, ifindex: int) -> list[tuple[int, int]]:
    answers = ask_again(sock, message(RTM_GETTCLASS, NLM_F_DUMP, TCMSG.pack(0, 0, 0, ifindex, 0, 0, 0)))
    return [parse_class(data, start, end) for kind, data, start, end in answers if kind == RTM_NEWTCLASS]


def slow_class(default: int, classes: Iterable[tuple[int, int]]) -> str:
    """Say which class of an htb needs a second or more for a frame, '' for none: filters may put packets into any."""
    slow = {number for number, rate in classes if rate < FRAME}
    if default and default in slow:
        return "the default class of qdisc htb"
    return f"class {min(slow):x} of qdisc htb" if slow else ""


def _programs(data: Data, start: int, end: int) -> Iterator[DeviceFilter]:
    ifindex = head(IFINFOMSG, data, start, end, "a link message")[3]
    if is_xdp_attached(data, start, end):
        yield DeviceFilter(ifindex, INGRESS, "XDP program")
    for direction, attach_type in TCX.items():
        if count_tcx(ifindex, attach_type):
            yield DeviceFilter(ifindex, direction, "tcx program")


def parse_qdisc(data: Data, start: int, end: int) -> tuple[int, str, bytes]:
    """Parse the body of RTM_NEWQDISC: the ifindex, the kind and its options."""
    ifindex = head(TCMSG, data, start, end, "a qdisc")[3]
    found = attributes(data, start + TCMSG.size, end, frozenset({TCA_KIND, TCA_OPTIONS}))
    return ifindex, text(found.get(TCA_KIND, b"")), found.get(TCA_OPTIONS, b"")


def loses(name: str, options: bytes) -> bool:
    """Whether a qdisc drops packets even while few are sent."""
    if name in FIFOS:  # struct tc_fifo_qopt: limit
        return len(options) == U32.size and bool(U32.unpack(options)[0] < FIFOS[name])
    if name == TBF:
        return _drops_frames(options)
    if name == HFSC:
        return len(options) != HFSC_OPTIONS.size or not HFSC_OPTIONS.unpack(options)[0]
    if name != NETEM or len(options) < NETEM_OPTIONS.size:
        return name in LOSING or name == NETEM
    return bool(NETEM_OPTIONS.unpack_from(options)[2]) or TCA_NETEM_LOSS in attributes(options, NETEM_OPTIONS.size)


def _drops_frames(options: bytes) -> bool:
    """Whether a frame takes a second, or is larger than the burst or the queue of a tbf (net/sched/sch_tbf.c)."""
    found = attributes(options, wanted=frozenset({TCA_TBF_PARMS, TCA_TBF_RATE64}))
    if len(found.get(TCA_TBF_PARMS, b"")) != TBF_OPTIONS.size:
        return True
    rate, limit, buffer = TBF_OPTIONS.unpack(found[TCA_TBF_PARMS])
    if len(found.get(TCA_TBF_RATE64, b"")) == RATE64.size:
        rate = RATE64.unpack(found[TCA_TBF_RATE64])[0]
    return bool(min(limit, rate, buffer * TICK * rate // 10**9) < FRAME)


def parse_class(data: Data, start: int, end: int) -> tuple[int, int]:
    """Parse the body of RTM_NEWTCLASS of an htb: the minor number of its handle, its ceiling in bytes per second."""
    handle = head(TCMSG, data, start, end, "a class")[4]
    options = attributes(data, start + TCMSG.size, end, frozenset({TCA_OPTIONS})).get(TCA_OPTIONS, b"")
    found = attributes(options, wanted=frozenset({TCA_HTB_PARMS, TCA_HTB_CEIL64}))
    if len(found.get(TCA_HTB_CEIL64, b"")) == RATE64.size:
        return handle & MINOR, RATE64.unpack(found[TCA_HTB_CEIL64])[0]
    parameters = found.get(TCA_HTB_PARMS, b"")
    return handle & MINOR, HTB_OPTIONS.unpack_from(parameters)[0] if len(parameters) >= HTB_OPTIONS.size else FRAME


def default_class(options: bytes) -> int:
    """Return the minor number of the class of all other packets in the options of an htb; 0 for none."""
    init = attributes(options, wanted=frozenset({TCA_HTB_INIT})).get(TCA_HTB_INIT, b"")
    return int(HTB_INIT.unpack_from(init)[0]) if len(init) >= HTB_INIT.size else 0


def parse_filter(ifindex: int, direction: str, data: Data, start: int, end: int) -> DeviceFilter:
    """Parse the body of RTM_NEWTFILTER; `info` has the preference in its upper half."""
    info = head(TCMSG, data, start, end, "a filter")[6]
    name = text(attributes(data, start + TCMSG.size, end, frozenset({TCA_KIND})).get(TCA_KIND, b""))
    return DeviceFilter(ifindex, direction, f"tc filter {name} (pref {info >> 16})")


def is_xdp_attached(data: Data, start: int, end: int) -> bool:
    """Whether the body of RTM_NEWLINK names an XDP program."""
    xdp = attributes(data, start + IFINFOMSG.size, end, frozenset({IFLA_XDP})).get(IFLA_XDP, b"")
    attached = attributes(xdp).get(IFLA_XDP_ATTACHED, b"")
    return len(attached) == U8.size and bool(U8.unpack(attached)[0])
