"""Forwarding is switched off, for the host or for a network's bridge: nothing gets in or out, docker-proxy or not.

Guard: a network without a live endpoint needs none.
"""

from collections.abc import Iterator

from exporter.core.findings.finding import CRITICAL, Finding
from exporter.core.nat.context import NatContext
from exporter.core.nat.drift import Subject, drift
from exporter.core.nat.ruleset import IP, IP6

KIND = "forwarding_off"
SYSCTL = {IP: "net.ipv4.ip_forward", IP6: "net.ipv6.conf.all.forwarding"}


def check(context: NatContext) -> Iterator[Finding]:
    """Ask the host's switch, then each bridge's."""
    needing = [
        n for n in context.expected.networks if n.populated and n.mode != "internal" and n.family in context.families
    ]
    for family in sorted({network.family for network in needing}):
        if not context.forwarding.get(family, True):
            detail = f"{SYSCTL[family]} is 0: containers reach nothing outside, and nothing outside reaches them"
            yield drift(KIND, CRITICAL, Subject(family=family), detail)
            continue
        for network in needing:
            if network.family == family == IP and not context.forwarding.get(network.network.bridge, True):
                subject = Subject(family=family, network=network.network.name)
                detail = f"net.ipv4.conf.{network.network.bridge}.forwarding is 0: {network.network.name} is cut off"
                yield drift(KIND, CRITICAL, subject, detail)
