"""Neighbour discovery of IPv6: rules of a container that drop all ICMPv6 leave its neighbours unknown."""

from exporter.core.explain.path import UNKNOWN, Step
from exporter.core.nat.packet import Packet
from exporter.core.nat.ruleset import IP6
from exporter.core.nat.walk.firewall import INPUT, OUTPUT
from exporter.core.nat.walk.hooks import walk
from exporter.core.nat.walk.rule_text import decided_by
from exporter.core.reach.answer import INSIDE
from exporter.core.reach.context import ReachContext
from exporter.core.reach.path.trip import Flow
from exporter.core.reach.view import RULES, Device, NamespaceView

ICMPV6 = "ipv6-icmp"


def discovery_step(context: ReachContext, view: NamespaceView, whose: str, flow: Flow, device: Device) -> Step | None:
    """Return the step of rules that drop it for certain; a neighbour that is known already does not need it."""
    if flow.family != IP6 or view.missing(RULES):
        return None
    firewall, name = context.firewall_of(view), device.link.name
    packets = {
        INPUT: Packet(iif=name, protocol=ICMPV6, dport=None, to_host=True, family=IP6),
        OUTPUT: Packet(oif=name, protocol=ICMPV6, dport=None, from_host=True, family=IP6),
    }
    for hook, packet in packets.items():
        outcome = walk(firewall, packet, (hook,))
        if outcome.dropped and outcome.decision is not None:
            detail = f"{whose} drops ICMPv6, by which neighbours are found: {decided_by(outcome.decision)}"
            return Step(INSIDE, UNKNOWN, detail, "container_rule")
    return None
