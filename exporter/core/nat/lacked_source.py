"""A source translation to an address that the host lacks: whether answers to it come back."""

from collections.abc import Iterable

from exporter.core.nat.address_numbers import family_of, number_of
from exporter.core.nat.packet import Inside
from exporter.core.nat.walk.outcome import Decision


def lacked_source(inside: Inside, translations: Iterable[Decision]) -> Decision | None:
    """Return the translation that gives packets an address that the host lacks; None where its addresses are unknown.

    The last one decides.
    """
    last = next(reversed([one for one in translations if one.effect == "SNAT"]), None)
    if last is None or not last.address:
        return None
    own = inside.own.get(family_of(last.address))
    return None if not own or number_of(last.address) in own else last


def is_on_link(inside: Inside, address: str) -> bool:
    """Whether hosts on a directly connected network ask for the address: another one may be routed to the host."""
    number = number_of(address)
    return any(number & mask == network for network, mask in inside.links)
