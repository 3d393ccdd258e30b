"""The devices of the captures of addresses and routes, and their rows."""

from exporter.kernel.links.addresses import AddressRow, parse_address
from exporter.kernel.links.routes import RouteRow, parse_route
from exporter.kernel.netlink.messages import HEADER
from tests.support.kernel.captured import captured

RTM_NEWADDR, RTM_NEWROUTE = 20, 24
ETH0, ETH1, ETH2 = 2, 3, 4


def bodies(name: str, kind: int) -> list[tuple[bytes, int, int]]:
    """The messages of a capture, with the places where their bodies begin and end."""
    return [(raw, HEADER.size, len(raw)) for raw in captured(name) if HEADER.unpack_from(raw)[1] == kind]


def addresses() -> list[AddressRow]:
    """The captured addresses, as the reader gets them."""
    return [row for body in bodies("addresses", RTM_NEWADDR) if (row := parse_address(*body))]


def routes() -> list[RouteRow]:
    """The captured routes, as the reader gets them."""
    return [row for body in bodies("routes", RTM_NEWROUTE) if (row := parse_route(*body))]
