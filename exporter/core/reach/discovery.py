"""Rules that drop all of ICMPv6, by which neighbours of IPv6 are found: one that is not known yet stays unknown.

The kernel does not track these packets: rules that accept established connections do not accept them.
"""

from exporter.core.explain.path import UNKNOWN, Step
from exporter.core.nat.packet import Packet
from exporter.core.nat.ruleset import IP6, STATE_UNTRACKED
from exporter.core.nat.walk.firewall import INPUT, OUTPUT, POSTROUTING, PREROUTING, Firewall
from exporter.core.nat.walk.hooks import walk
from exporter.core.nat.walk.rule_text import decided_by
from exporter.core.reach.answer import FILTER, INSIDE
from exporter.core.reach.context import ReachContext
from exporter.core.reach.path.trip import Flow
from exporter.core.reach.view import RULES, Device, NamespaceView

ICMPV6 = "ipv6-icmp"
RECEIVED, SENT = (PREROUTING, INPUT), (OUTPUT, POSTROUTING)


def discovery_step(context: ReachContext, view: NamespaceView, whose: str, flow: Flow, device: Device) -> Step | None:
    """Return the step of a container's own rules that drop all of ICMPv6 on its device."""
    if flow.family != IP6 or view.missing(RULES):
        return None
    by = _dropping(context.firewall_of(view), device.link.name)
    return Step(INSIDE, UNKNOWN, _detail(whose, by), "container_rule") if by else None


def hosts_discovery_step(context: ReachContext, device: Device) -> Step | None:
    """Return the step of the host's rules that drop all of ICMPv6 on one of its devices."""
    firewall = context.host_firewall([device.link.name])
    by = _dropping(firewall, device.link.name) if firewall is not None else ""
    return Step(FILTER, UNKNOWN, f"{_detail('the host', by)} ({device.link.name})", "discovery_dropped") if by else None


def _detail(whose: str, by: str) -> str:
    return f"{whose} drops ICMPv6, by which neighbours are found: {by}"


def _dropping(firewall: Firewall, name: str) -> str:
    first = Packet(protocol=ICMPV6, dport=None, family=IP6, state=STATE_UNTRACKED)
    received, sent = first._replace(iif=name, to_host=True), first._replace(oif=name, from_host=True)
    for packet, hooks in ((received, RECEIVED), (sent, SENT)):
        outcome = walk(firewall, packet, hooks)
        if outcome.dropped and outcome.decision is not None:
            return decided_by(outcome.decision)
    return ""
