"""IPsec policies of a network namespace (ip-xfrm(8))."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class IpsecPolicy:
    """A policy that blocks packets or demands a transformation; `direction` is in, fwd (forwarded ones) or out.

    `source` and `destination` are networks with their prefix length.
    """

    direction: str
    source: str
    destination: str
    action: str
