"""Whether a packet meets a condition: for certain, for some clients, not at all, or unknown."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from exporter.core.nat.packet import NO, OUTSIDE, SOME, UNKNOWN, YES, Answer, Inside, Mark, Packet
from exporter.core.nat.ruleset import (
    ARP,
    BRIDGED,
    CT_MARK,
    DIRECTION,
    DPORT,
    DST,
    DST_TYPE,
    EITHER_PORT,
    FAMILY,
    IIF,
    IIF_GROUP,
    IIF_INDEX,
    IP,
    MARK,
    OIF,
    OIF_GROUP,
    OIF_INDEX,
    ORIGINAL_DPORT,
    ORIGINAL_DST,
    PACKET_TYPE,
    PROTOCOL,
    REVERSE_PATH,
    SPORT,
    SRC,
    SRC_TYPE,
    STATE,
    TCP_FLAGS,
    TYPE_LOCAL,
    TYPE_UNICAST,
)
from exporter.core.nat.walk.device_conditions import is_device, is_group, is_index

Check = Callable[[Any, Packet, Inside], Answer]
Range = tuple[int, int]

# Ports that a client's system chooses: of Linux, and the widest that others choose from.
DYNAMIC, WIDEST = (32768, 60999), (1024, 65535)
FEW = 256  # of them: a rule for fewer holds for hardly any connection
SYN, SYN_ACK = 0x02, 0x12
FURTHER = (0x10, 0x18, 0x11)  # ACK, with PSH, with FIN: every connection that carries data has them
TO_THIS_HOST = 0  # linux/if_packet.h: PACKET_HOST
ALL_BITS = 0xFFFFFFFF
HIGHEST = {True: (1 << 32) - 1, False: (1 << 128) - 1}


def negated(answer: Answer) -> Answer:
    """The answer to the opposite."""
    return {YES: NO, NO: YES}.get(answer, answer)


def either(answers: Iterable[Answer]) -> Answer:
    """The answer to whether one of several holds."""
    found = set(answers)
    return next((answer for answer in (YES, UNKNOWN, SOME) if answer in found), NO)


def is_address(ranges: tuple[Range, ...], address: int | None, packet: Packet, inside: Inside, *, own: bool) -> Answer:
    """Whether an address is in one of the ranges; None is any outside, or with `own` any of the host's."""
    if address is not None:
        return YES if within(ranges, address) else NO
    if _covers_all(ranges, HIGHEST[packet.family == IP]):
        return YES
    known = inside.addresses.get(packet.family, frozenset())
    if own and known:
        matching = sum(within(ranges, one) for one in known)
        return YES if matching == len(known) else SOME if matching else NO
    return NO if all(_is_inside(span, packet.family, known, inside) for span in ranges) else SOME


def _covers_all(ranges: tuple[Range, ...], highest: int) -> bool:
    reached = 0
    for first, last in sorted(ranges):
        if first > reached:
            return False
        reached = max(reached, last + 1)
    return reached > highest


def within(ranges: tuple[Range, ...], number: int) -> bool:
    """Whether a number is in one of them."""
    return any(first <= number <= last for first, last in ranges)


def _is_inside(span: Range, family: str, own: frozenset[int], inside: Inside) -> bool:
    """Whether no client outside has an address of a range."""
    first, last = span
    if first == last and first in own:
        return True
    bits = HIGHEST[family == IP].bit_length()
    return any(m.bit_length() == bits and first & m == n and last & m == n for n, m in inside.networks)


def may_be_open(wanted: tuple[int, int], inside: Inside) -> bool:
    """Whether a single address may be that of a packet whose address is not known: outside, or the host's own."""
    address, mask = wanted
    bits = mask.bit_length()
    inner = any(m.bit_length() == bits and address & m == n for n, m in inside.networks)
    return not inner or any(address in own for own in inside.addresses.values())


def spans(wanted: tuple[int, int]) -> tuple[Range, ...] | None:
    """Return the range of a network with its mask; None for a mask that is not a prefix."""
    network, mask = wanted
    highest = HIGHEST[mask <= HIGHEST[True]]
    host = highest & ~mask
    if not mask:
        return ((0, HIGHEST[False]),)  # of either family
    return ((network, network | host),) if host & (host + 1) == 0 else None


def _network(wanted: tuple[int, int], address: int | None, packet: Packet, inside: Inside, *, own: bool) -> Answer:
    ranges = spans(wanted)
    if ranges is not None:
        return is_address(ranges, address, packet, inside, own=own)
    if address is not None:
        return YES if address & wanted[1] == wanted[0] else NO
    return SOME


def is_port(wanted: Range, port: int | None) -> Answer:
    """Whether a port is in a range; None is any that a client's system chooses."""
    first, last = wanted
    if port is not None:
        return YES if first <= port <= last else NO
    if first <= DYNAMIC[0] and last >= DYNAMIC[1]:
        return YES
    return SOME if min(last, WIDEST[1]) - max(first, WIDEST[0]) >= FEW else NO


def _mark(wanted: tuple[int, int], mark: Mark) -> Answer:
    value, mask = wanted
    if not mark.values:
        return mark.certainty
    holds = {found & mask == value for found in mark.values}
    return mark.certainty if len(holds) > 1 else YES if True in holds else NO


def _flags(wanted: tuple[int, int], packet: Packet) -> Answer:
    """The first packet of a connection has one form; the answers, and the packets that follow, have several."""
    value, mask = wanted
    if packet.protocol != "tcp":
        return NO
    forms = (SYN,) if packet.opens else (SYN_ACK, *FURTHER) if packet.reply else FURTHER
    holds = {form & mask == value for form in forms}
    return UNKNOWN if len(holds) > 1 else YES if True in holds else NO


def _has_way_back(packet: Packet, inside: Inside) -> Answer:
    """Whether the reverse path filter accepts it: with one uplink the route to every client uses that."""
    return YES if packet.iif != OUTSIDE or len(inside.uplinks) == 1 else SOME


def _yes(holds: object) -> Answer:
    return YES if holds else NO


def _bridged(wanted: bool, packet: Packet) -> Answer:  # noqa: FBT001  a value of a condition
    """Whether a bridge sends it on; the host may send a packet back to the bridge by which it came, too."""
    return UNKNOWN if packet.iif == packet.oif != OUTSIDE else _yes(not wanted)


# Of a key the packet's address, and whether one that is not known is the host's own.
ADDRESSES: Mapping[str, Callable[[Packet], tuple[int | None, bool]]] = {
    SRC: lambda packet: (packet.src, packet.from_host),
    DST: lambda packet: (packet.dst, packet.to_host),
    ORIGINAL_DST: lambda packet: (packet.first_destination.address, packet.first_destination.to_host),
}
CHECKS: Mapping[str, Check] = {
    IIF: lambda wanted, packet, inside: is_device(wanted, packet.iif, inside),
    OIF: lambda wanted, packet, inside: is_device(wanted, packet.oif, inside),
    IIF_INDEX: lambda wanted, packet, inside: is_index(wanted, packet.iif, inside),
    OIF_INDEX: lambda wanted, packet, inside: is_index(wanted, packet.oif, inside),
    IIF_GROUP: lambda wanted, packet, inside: is_group(wanted, packet.iif, inside),
    OIF_GROUP: lambda wanted, packet, inside: is_group(wanted, packet.oif, inside),
    SRC: lambda wanted, packet, inside: _network(wanted, packet.src, packet, inside, own=packet.from_host),
    DST: lambda wanted, packet, inside: _network(wanted, packet.dst, packet, inside, own=packet.to_host),
    ORIGINAL_DST: lambda wanted, packet, inside: _network(
        wanted, packet.first_destination.address, packet, inside, own=packet.first_destination.to_host
    ),
    DPORT: lambda wanted, packet, _: is_port(wanted, packet.dport),
    SPORT: lambda wanted, packet, _: is_port(wanted, packet.sport),
    EITHER_PORT: lambda wanted, packet, _: either((is_port(wanted, packet.dport), is_port(wanted, packet.sport))),
    ORIGINAL_DPORT: lambda wanted, packet, _: is_port(wanted, packet.first_destination.port),
    PROTOCOL: lambda wanted, packet, _: _yes(wanted == packet.protocol),
    FAMILY: lambda wanted, packet, _: _yes(wanted == packet.family),
    STATE: lambda wanted, packet, _: _yes(wanted & packet.state),
    DIRECTION: lambda wanted, packet, _: _yes(wanted == packet.reply),
    TCP_FLAGS: lambda wanted, packet, _: _flags(wanted, packet),
    # Requests of ARP are broadcasts, its answers are not.
    PACKET_TYPE: lambda wanted, packet, _: SOME if packet.family == ARP else _yes(wanted == TO_THIS_HOST),
    MARK: lambda wanted, packet, _: _mark(wanted, packet.mark),
    CT_MARK: lambda wanted, packet, _: _mark(wanted, packet.ct_mark),
    DST_TYPE: lambda wanted, packet, _: _yes(wanted & (TYPE_LOCAL if packet.to_host else TYPE_UNICAST)),
    SRC_TYPE: lambda wanted, packet, _: _yes(wanted & (TYPE_LOCAL if packet.from_host else TYPE_UNICAST)),
    BRIDGED: lambda wanted, packet, _: _bridged(wanted, packet),
    REVERSE_PATH: lambda wanted, packet, inside: (
        _has_way_back(packet, inside) if wanted else negated(_has_way_back(packet, inside))
    ),
}


# Values of elements and lists where they are others than in a comparison: ranges.
LISTED: Mapping[str, Check] = {
    SRC: lambda wanted, packet, inside: is_address((wanted,), packet.src, packet, inside, own=packet.from_host),
    DST: lambda wanted, packet, inside: is_address((wanted,), packet.dst, packet, inside, own=packet.to_host),
    ORIGINAL_DST: lambda wanted, packet, inside: is_address(
        (wanted,), packet.first_destination.address, packet, inside, own=packet.first_destination.to_host
    ),
    IIF_INDEX: lambda wanted, packet, inside: is_index(wanted[0], packet.iif, inside),
    OIF_INDEX: lambda wanted, packet, inside: is_index(wanted[0], packet.oif, inside),
    IIF_GROUP: lambda wanted, packet, inside: is_group((wanted[0], ALL_BITS), packet.iif, inside),
    OIF_GROUP: lambda wanted, packet, inside: is_group((wanted[0], ALL_BITS), packet.oif, inside),
    MARK: lambda wanted, packet, _: _mark((wanted[0], ALL_BITS), packet.mark),
    CT_MARK: lambda wanted, packet, _: _mark((wanted[0], ALL_BITS), packet.ct_mark),
}


def is_listed(key: str, values: tuple[Any, ...], packet: Packet, inside: Inside) -> Answer:
    """Whether one of the values of a list holds."""
    check = LISTED.get(key) or CHECKS.get(key)
    return either(check(value, packet, inside) for value in values) if check else UNKNOWN
