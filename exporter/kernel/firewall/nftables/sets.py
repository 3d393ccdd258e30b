"""Elements of sets and maps (linux/netfilter/nf_tables.h: NFTA_SET_ELEM_*)."""

import ipaddress
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any, NamedTuple

from exporter.core.nat.ruleset import (
    CT_MARK,
    DIRECTION,
    DPORT,
    DST,
    DST_TYPE,
    FAMILY,
    IIF,
    IIF_GROUP,
    IIF_INDEX,
    JOINED,
    MARK,
    OIF,
    OIF_GROUP,
    OIF_INDEX,
    ORIGINAL_DPORT,
    ORIGINAL_DST,
    PACKET_TYPE,
    PROTOCOL,
    SPORT,
    SRC,
    SRC_TYPE,
    STATE,
    Element,
)
from exporter.kernel.firewall.nftables import nfta
from exporter.kernel.firewall.nftables.comparisons import address_type, host_number, layer3, protocol
from exporter.kernel.firewall.nftables.machine import INTERFACE_NAME_BYTES, WORD
from exporter.kernel.firewall.nftables.targets import VERDICT_JUMP, VERDICTS
from exporter.kernel.netlink.messages import text, walk
from exporter.kernel.netlink.nfnetlink import number
from exporter.kernel.netlink.protocols import ADDRESS_BYTES

INTERVAL, TIMEOUT, EVALUATED = 4, 16, 32  # NFT_SET_*
CHANGES_BY_ITSELF = TIMEOUT | EVALUATED
INTERVAL_END, CATCH_ALL = 1, 2  # NFT_SET_ELEM_*
MOST_ELEMENTS = 1 << 16
PORT_BYTES, IPV4_BYTES, IPV6_BYTES = 2, 4, 16

Convert = Callable[[bytes, bytes], Any]


class RawElement(NamedTuple):
    """An element's first and last key, its flags, its data and its verdict; the last key is b'' unless given."""

    first: bytes
    last: bytes
    flags: int
    data: bytes
    verdict: Mapping[int, bytes]


def raw_elements(messages: Iterable[bytes]) -> Iterator[RawElement]:
    """Walk the elements of the messages of one dump."""
    for message in messages:
        for _, element in walk(dict(walk(message)).get(nfta.SET_ELEMENTS, b"")):
            parts = dict(walk(element))
            first, last = (
                dict(walk(parts.get(place, b""))).get(nfta.DATA_VALUE, b"")
                for place in (nfta.SET_ELEM_KEY, nfta.SET_ELEM_KEY_END)
            )
            data = dict(walk(parts.get(nfta.SET_ELEM_DATA, b"")))
            verdict = dict(walk(data.get(nfta.DATA_VERDICT, b"")))
            flags = number(parts.get(nfta.SET_ELEM_FLAGS, b""))
            yield RawElement(first, last, flags, data.get(nfta.DATA_VALUE, b""), verdict)


def parse_jumps(messages: Iterable[bytes]) -> dict[str, str] | None:
    """Parse interface -> chain of a verdict map; None if any element is something else, such as a pair or a range."""
    found = {}
    for raw in raw_elements(messages):
        code, chain = (raw.verdict.get(place, b"") for place in (nfta.VERDICT_CODE, nfta.VERDICT_CHAIN))
        jumps = number(code) == VERDICT_JUMP and text(chain)
        if not jumps or len(raw.first) != INTERFACE_NAME_BYTES or raw.last:
            return None
        found[text(raw.first)] = jumps
    return found


def parse_set(by: str, flags: int, messages: Iterable[bytes]) -> tuple[Element, ...] | None:
    """Parse the elements of a set that is looked up by these keys; None where the content is not certain.

    Elements with a time-out, and those that packets add, change without a new generation of the rules.
    """
    found = sorted(raw_elements(messages), key=lambda raw: raw.first)  # a hash's order is another in each dump
    if flags & CHANGES_BY_ITSELF or len(found) > MOST_ELEMENTS:
        return None
    catch_all = [raw for raw in found if raw.flags & CATCH_ALL]
    others = [raw for raw in found if not raw.flags & CATCH_ALL]
    fields = _fields(by.split(JOINED), max((len(raw.first) for raw in others), default=0))
    if fields is None:
        return None
    whole = ((raw, raw.first, raw.last or raw.first) for raw in others)
    spans = _spans(others) if flags & INTERVAL and len(fields) == 1 else whole
    try:
        return (
            *(_element(raw, _keys(fields, first, last)) for raw, first, last in spans),
            *(_element(raw, ()) for raw in catch_all),
        )
    except ValueError:
        return None


def _fields(keys: list[str], length: int) -> list[tuple[int, Convert]] | None:
    """Return how many bytes each key has, and how its values are read; None for keys that are not understood."""
    for address in ADDRESS_BYTES.values():
        sizes = [address if key in (SRC, DST, ORIGINAL_DST) else _SIZES.get(key, 0) for key in keys]
        if keys == [FAMILY]:
            sizes = [length]
        padded = sum(-(-size // WORD) * WORD for size in sizes) if len(keys) > 1 else sizes[0]
        if not length or (padded == length and all(sizes)):
            return list(zip(sizes, [_CONVERT.get(key, _big) for key in keys], strict=True))
    return None


def _keys(fields: list[tuple[int, Convert]], first: bytes, last: bytes) -> tuple[Any, ...]:
    found, at = [], 0
    for size, convert in fields:
        found.append(convert(first[at : at + size], last[at : at + size]))
        at += -(-size // WORD) * WORD
    return tuple(found)


def _spans(elements: list[RawElement]) -> Iterator[tuple[RawElement, bytes, bytes]]:
    """Of an interval the end is an element of its own, behind the last key; the last interval may have none."""
    ordered = sorted(elements, key=lambda raw: (raw.first, not raw.flags & INTERVAL_END))
    for raw, following in pairwise([*ordered, None]):
        if raw is not None and not raw.flags & INTERVAL_END:
            size = len(raw.first)
            last = b"\xff" * size
            if raw.last:
                last = raw.last
            elif following is not None:
                last = (number(following.first) - 1).to_bytes(size, "big")
            yield raw, raw.first, last


def _element(raw: RawElement, key: tuple[Any, ...]) -> Element:
    if raw.verdict:
        code = int.from_bytes(raw.verdict.get(nfta.VERDICT_CODE, b""), "big", signed=True)
        return Element(key, VERDICTS.get(code, "?verdict"), text(raw.verdict.get(nfta.VERDICT_CHAIN, b"")))
    address, port = _translation(raw.data)
    return Element(key, address=address, port=port)


def _translation(data: bytes) -> tuple[str, int]:
    """An address, a port, or an address with a port behind it; '' and 0 for other data."""
    if len(data) == PORT_BYTES:
        return "", number(data)
    for size in (IPV4_BYTES, IPV6_BYTES):
        if len(data) in (size, size + WORD):
            return str(ipaddress.ip_address(data[:size])), number(data[size : size + PORT_BYTES])
    return "", 0


def _big(first: bytes, last: bytes) -> tuple[int, int]:
    return number(first), number(last)


def _host(first: bytes, last: bytes) -> tuple[int, int]:
    if first != last:
        raise ValueError("a range of numbers in the host's byte order")
    found = int.from_bytes(first, sys.byteorder)
    return found, found


def _device(first: bytes, last: bytes) -> str:
    """A range of names is that of all with one beginning."""
    if first == last:
        return text(first)
    beginning = first.rstrip(b"\0")
    if last != beginning.ljust(len(first), b"\xff"):
        raise ValueError("a range of names")
    return beginning.decode(errors="replace") + "*"


def _single(convert: Callable[[str, bytes, bytes | None], Any]) -> Convert:
    def converted(first: bytes, last: bytes) -> Any:
        if first != last:
            raise ValueError("a range of names")
        return convert("", first, None)

    return converted


_SIZES = {
    **dict.fromkeys((SPORT, DPORT, ORIGINAL_DPORT), PORT_BYTES),
    **dict.fromkeys((MARK, CT_MARK, IIF_INDEX, OIF_INDEX, IIF_GROUP, OIF_GROUP, STATE, SRC_TYPE, DST_TYPE), WORD),
    **dict.fromkeys((IIF, OIF), INTERFACE_NAME_BYTES),
    **dict.fromkeys((PROTOCOL, FAMILY, PACKET_TYPE, DIRECTION), 1),
}
_CONVERT: Mapping[str, Convert] = {
    **dict.fromkeys((MARK, CT_MARK, IIF_INDEX, OIF_INDEX, IIF_GROUP, OIF_GROUP), _host),
    **dict.fromkeys((IIF, OIF), _device),
    PROTOCOL: _single(protocol),
    FAMILY: _single(layer3),
    **dict.fromkeys((STATE, PACKET_TYPE, DIRECTION), _single(host_number)),
    **dict.fromkeys((SRC_TYPE, DST_TYPE), _single(address_type)),
}
