"""Forwarding is off, for the host, for a network's bridge or for an uplink: no packet gets in or out there.

Guard: a network without a live endpoint needs none; an uplink that does not forward is a warning
if another one does.
"""

from collections.abc import Iterator

from exporter.core.findings.finding import CRITICAL, WARNING, Finding
from exporter.core.nat.context import NatContext
from exporter.core.nat.drift import Subject, drift
from exporter.core.nat.reading import BRIDGE_FILTER
from exporter.core.nat.ruleset import IP, IP6

KIND = "forwarding_off"
SYSCTL = {IP: "net.ipv4.ip_forward", IP6: "net.ipv6.conf.all.forwarding"}


def check(context: NatContext) -> Iterator[Finding]:
    """Check the sysctl of the host, then those of the bridges and of the uplinks."""
    needing = [
        n for n in context.expected.networks if n.populated and n.mode != "internal" and n.family in context.families
    ]
    for family in sorted({network.family for network in needing}):
        if not context.forwarding.get(family, True):
            detail = f"{SYSCTL[family]} is 0: containers reach nothing outside, and nothing outside reaches them"
            yield drift(KIND, CRITICAL, Subject(family=family), detail)
            continue
        if family == IP:
            yield from _of_uplinks(context)
        for network in needing:
            if network.family == family == IP and not context.forwarding.get(network.network.bridge, True):
                subject = Subject(family=family, network=network.network.name)
                detail = f"net.ipv4.conf.{network.network.bridge}.forwarding is 0: {network.network.name} is cut off"
                yield drift(KIND, CRITICAL, subject, detail)


def _of_uplinks(context: NatContext) -> Iterator[Finding]:
    """The switches that are neither the host's nor a bridge's are those of the uplinks."""
    others = {IP, IP6, BRIDGE_FILTER, *context.expected.inside.bridges}
    uplinks = {name: on for name, on in context.forwarding.items() if name not in others}
    off = sorted(name for name, on in uplinks.items() if not on)
    if off:
        severity = WARNING if any(uplinks.values()) else CRITICAL
        switches = ", ".join(f"net.ipv4.conf.{name}.forwarding" for name in off)
        detail = f"{switches} is 0: packets that arrive on {', '.join(off)} reach no container"
        yield drift(KIND, severity, Subject(family=IP), detail, key=(IP, "uplinks"))
