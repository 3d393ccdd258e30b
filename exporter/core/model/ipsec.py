"""IPsec policies of the host (ip-xfrm(8))."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class IpsecPolicy:
    """A policy for forwarded packets that blocks them or demands a transformation; `direction` is fwd or out.

    `source` and `destination` are networks with their prefix length.
    """

    direction: str
    source: str
    destination: str
    action: str
