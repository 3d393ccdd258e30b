"""What the host's rules do with packets between two ports of one bridge (br_netfilter, and the family bridge)."""

from exporter.core.explain.path import OK, UNKNOWN, Step
from exporter.core.model.docker import Container
from exporter.core.nat.packet import Packet
from exporter.core.nat.ruleset import BRIDGE, IP6, NETDEV
from exporter.core.nat.walk.firewall import FORWARD, POSTROUTING, PREROUTING, Firewall
from exporter.core.nat.walk.hooks import walk
from exporter.core.nat.walk.rule_text import decided_by
from exporter.core.nat.walk.ways import answer_to, following
from exporter.core.reach.answer import FILTER
from exporter.core.reach.discovery import NAMES, discovering
from exporter.core.reach.path.link_step import host_end
from exporter.core.reach.path.own_rules import FURTHER, OwnRules
from exporter.core.reach.path.rule_steps import UNREAD_RULES, host_rules_step, joined_steps, may_translate
from exporter.core.reach.path.trip import Trip
from exporter.core.reach.view import Device

BRIDGED = (PREROUTING, FORWARD, POSTROUTING)


def bridged_rules(trip: Trip, server: Container, bridge: Device, device: Device) -> OwnRules:
    """Walk a packet from port to port, and the answer back."""
    context, flow, name = trip.context, trip.flow, bridge.link.name
    filtered = (6 if flow.family == IP6 else 4) in context.host.view.bridge_filter | bridge.filters
    pairs = ((trip.client, trip.device), (server, device))
    ends = [end.link.name for one, own in pairs if (end := host_end(context, context.home(one), own))]
    firewall = context.host_firewall([name, *ends], bridged=not filtered)
    if firewall is None:
        return OwnRules((UNREAD_RULES,))
    packet, networks = flow.packet(iif=name, oif=name), (trip.network, trip.network)
    sent = walk(firewall, packet, BRIDGED)
    there = host_rules_step(context, sent, f"packets to {server.name}", networks)
    if sent.dropped or may_translate(sent):
        return OwnRules(joined_steps(there), goes_on=False)
    if sent.translations:
        detail = f"{decided_by(sent.translations[-1])} translates packets between ports of {name}"
        return OwnRules((Step(FILTER, UNKNOWN, detail, "target_unknown"),), goes_on=False)
    answered = walk(firewall, answer_to(packet, sent.packet, packet), BRIDGED)
    back = host_rules_step(context, answered, f"the answers of {server.name}", networks)
    further = host_rules_step(context, following(firewall, packet, sent, BRIDGED), FURTHER, networks)
    steps = joined_steps(there, back, further, _discovery(firewall, packet, name))
    why = "no rule of the host drops it" if filtered else "rules of IP do not apply to bridged packets here"
    ends_here = any(step.state != UNKNOWN for step in steps)
    return OwnRules(steps or (Step(FILTER, OK, f"on {name} {why}"),), goes_on=not ends_here)


def _discovery(firewall: Firewall, packet: Packet, bridge: str) -> Step | None:
    """The step of rules that drop between the ports what finds neighbours, or may: ICMPv6 of IPv6, ARP of IPv4.

    Of tables of IP those that drop all of ICMPv6 count, of the families bridge and netdev also those that drop some.
    """
    found = walk(firewall, discovering(packet), BRIDGED)
    possible = (one for one in found.uncertain if one.drops and one.base[0] in (BRIDGE, NETDEV))
    by = found.decision if found.dropped else next(possible, None)
    if by is None:
        return None
    may = "drops" if found.dropped else "may drop"
    detail = f"{decided_by(by)} {may} {NAMES[packet.family]} on {bridge}, by which neighbours are found"
    return Step(FILTER, UNKNOWN, detail, "discovery_dropped")
