"""IPsec policies that cover a connection: what they do with its packets is not evaluated."""

from collections.abc import Iterable
from ipaddress import ip_address, ip_network

from exporter.core.explain.path import UNKNOWN, Step
from exporter.core.reach.view import NamespaceView


def ipsec_step(name: str, view: NamespaceView, whose: str, ends: Iterable[str], others: Iterable[str]) -> Step | None:
    """Return the step of the first policy of a namespace between one of `ends` and one of `others`; None for none."""
    here, there = [one for one in ends if one], [one for one in others if one]
    for policy in view.ipsec:
        sides = policy.source, policy.destination
        if any(_covers(one, here) and _covers(other, there) for one, other in (sides, sides[::-1])):
            text = f"{policy.direction}, {policy.source} to {policy.destination}, {policy.action}"
            detail = f"an IPsec policy of {whose} ({text}) is not understood"
            return Step(name, UNKNOWN, detail, "rule_not_understood", "Read it: `ip xfrm policy`.")
    return None


def _covers(network: str, addresses: Iterable[str]) -> bool:
    known = ip_network(network)
    return any(ip_address(address) in known for address in addresses)
