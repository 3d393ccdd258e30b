"""A packet behind the translation of sources (NF_IP_PRI_NAT_SRC): as later chains and other devices see it."""

from collections.abc import Iterable

from exporter.core.nat.packet import Packet
from exporter.core.nat.ruleset import STATE_DNAT, STATE_MASQUERADED
from exporter.core.nat.walk.firewall import NAT_PRIORITY, OTHER_FAMILIES, POSTROUTING, Entry
from exporter.core.nat.walk.outcome import Decision

MASQUERADE = "MASQUERADE"
LOOKED_AT = frozenset({"original", "reply", "src", "sport", "from_host"})  # fields that decide what is seen
LATER = frozenset(OTHER_FAMILIES[POSTROUTING])


def leaves(entry: Entry) -> bool:
    """Whether a chain is entered behind the translation of sources."""
    if (entry.place[0], entry.base.hook) in LATER:
        return True
    return entry.base.hook == POSTROUTING and entry.base.priority > NAT_PRIORITY[POSTROUTING]


def is_masqueraded(translations: Iterable[Decision]) -> bool:
    """Whether a rule gives a connection an address of the host as its source."""
    return any(one.effect == MASQUERADE for one in translations)


def leaving(packet: Packet, translations: Iterable[Decision]) -> Packet:
    """An answer has the address and port that the client connected to, a masqueraded packet an address of the host."""
    if packet.reply and packet.state & STATE_DNAT and packet.original is not None:
        first = packet.original
        return packet._replace(src=first.address, sport=first.port, from_host=first.to_host)
    if packet.state & STATE_MASQUERADED or is_masqueraded(translations):
        return packet._replace(src=None, sport=None, from_host=True)
    return packet
