"""The way out of the host: source translation and the outgoing device."""

from exporter.core.explain.path import FAILED, OK, UNKNOWN, Step
from exporter.core.model.docker import Container, Network
from exporter.core.model.fib import RouteResult
from exporter.core.nat.context import NatContext
from exporter.core.nat.lacked_source import is_on_link, lacked_source
from exporter.core.nat.walk.outcome import Outcome
from exporter.core.nat.walk.rule_text import decided_by
from exporter.core.reach.answer import MASQUERADE, OUTSIDE
from exporter.core.reach.context import ReachContext, in_subnet
from exporter.core.reach.path.parent_device import KINDS
from exporter.core.reach.path.rule_steps import filter_step
from exporter.core.reach.path.trip import Flow
from exporter.core.reach.view import Device

TRANSLATES_SOURCE = ("MASQUERADE", "SNAT")


def source_step(nat: NatContext | None, network: Network | None, flow: Flow, sent: Outcome, out: Device) -> Step:
    """Return the step of the source address with which a packet leaves; `sent` is its walk up to postrouting."""
    name = out.link.name
    if nat is not None and (lacked := lacked_source(nat.expected.inside, sent.translations)) is not None:
        detail = f"{decided_by(lacked)} gives it the address {lacked.address}, which this host lacks"
        # the network outside may route an address of another network to this host
        state = FAILED if is_on_link(nat.expected.inside, lacked.address) else UNKNOWN
        return Step(MASQUERADE, state, detail, "source_lacked")
    if source_translated(sent):
        return Step(MASQUERADE, OK, f"it leaves by {name} with an address of the host")
    own = f"it leaves by {name} with the container's own address {flow.source}"
    if _expected(nat, network, flow.family):
        return _untranslated(network, flow, f"{own}, and no rule translates it")
    return Step(MASQUERADE, UNKNOWN, f"{own}: hosts outside need a route back to it", "masquerade_off")


def _untranslated(network: Network | None, flow: Flow, detail: str) -> Step:
    """Return the failed step; the engine's rules are for the addresses of its network alone."""
    if network is None or in_subnet(network, flow.source):
        return Step(MASQUERADE, FAILED, detail, "masquerade_missing")
    detail += f", which is not of network {network.name}"
    remedy = "See `ip address` and `ip route` in the container: who gave it that source address?"
    return Step(MASQUERADE, FAILED, detail, "masquerade_missing", remedy)


def source_translated(sent: Outcome) -> bool:
    """Whether a rule translates the source for certain."""
    return any(one.effect in TRANSLATES_SOURCE for one in sent.translations)


def seen_source(flow: Flow, sent: Outcome, out: Device) -> str:
    """The address that the server sees: that of the bridge where the packet is masqueraded."""
    if not source_translated(sent):
        return flow.source
    decided = next((one.address for one in sent.translations if one.effect == "SNAT" and one.address), "")
    same = [address for address in out.addresses if (":" in address) == (":" in flow.source)]
    return decided or next(iter(same), flow.source)


def _expected(nat: NatContext | None, network: Network | None, family: str) -> bool:
    """Whether the engine should have written a rule for the network in this family."""
    if nat is None or network is None:
        return False
    found = (one for one in nat.expected.networks if one.network.id == network.id and one.family == family)
    return any(one.masqueraded for one in found)


def _is_child(context: ReachContext, container: Container, address: str, parent: Device) -> bool:
    """Whether a container has an address on a macvlan or ipvlan device of a device, which do not reach each other."""
    device = context.visited(container).view.device_of(address)
    return device is not None and device.link.kind in KINDS and device.link.peer_ifindex == parent.link.ifindex


def beyond(context: ReachContext, out: Device, result: RouteResult, destination: str) -> Step:
    """Return the step of what is outside the host, which is not known."""
    name = out.link.name
    owner = context.owner_of(destination)
    if owner is not None and context.networks[owner[1].network_id].bridge:
        detail = f"{destination} is {owner[0].name} on network {owner[1].network}, and the host routes it to {name}"
        return Step(OUTSIDE, FAILED, detail, "route_lost")
    if owner is not None and not result.gateway and _is_child(context, owner[0], destination, out):
        detail = f"{destination} is {owner[0].name} on a device of {name}: the host does not reach it over {name}"
        return Step(OUTSIDE, FAILED, detail, "macvlan_host")
    if (step := filter_step(OUTSIDE, context.host.view, out)) is not None:
        return step
    if not (out.link.up and out.link.carrier):
        return Step(OUTSIDE, FAILED, f"{name} is {'without carrier' if out.link.up else 'down'}", "uplink_down")
    hop = result.gateway or destination
    return Step(OUTSIDE, OK, f"it leaves the host by {name} to {hop}; what lies beyond is not evaluated")
