"""Rules that drop ARP, or all of ICMPv6, by which neighbours are found: one that is not known yet stays unknown.

The kernel does not track these packets: rules that accept established connections do not accept them.
"""

from collections.abc import Sequence

from exporter.core.explain.path import UNKNOWN, Step
from exporter.core.nat.packet import Packet
from exporter.core.nat.ruleset import ARP, IP, IP6, STATE_UNTRACKED, Place
from exporter.core.nat.walk.firewall import FORWARD, INPUT, OUTPUT, POSTROUTING, PREROUTING, Firewall
from exporter.core.nat.walk.hooks import walk
from exporter.core.nat.walk.rule_text import decided_by
from exporter.core.reach.answer import FILTER, INSIDE
from exporter.core.reach.context import ReachContext
from exporter.core.reach.path.trip import Flow
from exporter.core.reach.view import RULES, Device, NamespaceView

ICMPV6 = "ipv6-icmp"
NAMES = {IP: "ARP", IP6: "ICMPv6"}
RECEIVED, SENT = (PREROUTING, INPUT), (OUTPUT, POSTROUTING)


def discovery_step(context: ReachContext, view: NamespaceView, whose: str, flow: Flow, device: Device) -> Step | None:
    """Return the step of a container's own rules that drop all of ICMPv6 on its device."""
    if flow.family != IP6 or view.missing(RULES):
        return None
    by = _dropping(context.firewall_of(view), device.link.name, flow.family)
    return Step(INSIDE, UNKNOWN, f"{whose} {by}", "container_rule") if by else None


def hosts_discovery_step(context: ReachContext, device: Device, family: str, ports: Sequence[str] = ()) -> Step | None:
    """Return the step of the host's rules that drop ARP, or all of ICMPv6, on one of its devices, or may.

    `ports` are those of a bridge by which the neighbour is reached.
    """
    firewall = context.host_firewall([device.link.name, *ports])
    by = _dropping(firewall, device.link.name, family) if firewall is not None else ""
    return Step(FILTER, UNKNOWN, f"the host {by} ({device.link.name})", "discovery_dropped") if by else None


def discovering(packet: Packet) -> Packet:
    """Return the packet by which the neighbour of a packet is found: of ICMPv6, or of ARP."""
    protocol, family = (ICMPV6, IP6) if packet.family == IP6 else ("", ARP)
    return packet._replace(protocol=protocol, family=family, dport=None, sport=None, state=STATE_UNTRACKED)


def _dropping(firewall: Firewall, name: str, family: str) -> str:
    """Say what drops these packets; a rule of netdev or bridge that also drops other packets is a step already."""
    chains, plain = _not_of_ip(firewall), Packet(family=family, dport=None)
    received, sent = plain._replace(iif=name, to_host=True), plain._replace(oif=name, from_host=True)
    for packet, hooks in ((received, RECEIVED), (sent, SENT)):
        outcome = walk(firewall, discovering(packet), hooks)
        stated = walk(firewall, packet, hooks).uncertain
        of_it = (one for one in outcome.uncertain if one.drops and one.base in chains and one not in stated)
        by = outcome.decision if outcome.dropped else next(of_it, None)
        if by is not None:
            drops = "drops" if outcome.dropped else "may drop"
            return f"{drops} {NAMES[family]}, by which neighbours are found: {decided_by(by)}"
    return ""


def _not_of_ip(firewall: Firewall) -> set[Place]:
    """The base chains of the families netdev and bridge that the host's own packets meet."""
    chains = (*firewall.other_families(PREROUTING), *firewall.other_families(POSTROUTING))
    return {entry.place for entry in chains if entry.base.hook != FORWARD}
