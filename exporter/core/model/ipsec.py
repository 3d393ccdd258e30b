"""IPsec policies of a network namespace (ip-xfrm(8))."""

from msgspec import Struct


class IpsecPolicy(Struct, frozen=True):
    """A policy that blocks packets or demands a transformation; `direction` is in, fwd (forwarded ones) or out.

    `source` and `destination` are networks with their prefix length.
    """

    direction: str
    source: str
    destination: str
    action: str
