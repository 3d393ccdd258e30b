"""Whether a container reaches the engine's DNS server: 127.0.0.11:53, which is translated inside its namespace."""

from exporter.core.explain.path import FAILED, UNKNOWN, Step
from exporter.core.model.docker import Container
from exporter.core.nat.address_numbers import number_of
from exporter.core.nat.packet import Packet
from exporter.core.nat.ruleset import IP
from exporter.core.nat.walk.firewall import INPUT, OUTPUT, PREROUTING
from exporter.core.nat.walk.hooks import walk
from exporter.core.nat.walk.outcome import Outcome
from exporter.core.nat.walk.rule_text import decided_by
from exporter.core.nat.walk.ways import answer_to
from exporter.core.reach.answer import NAME
from exporter.core.reach.context import ReachContext
from exporter.core.reach.namespace_rules import LOOPBACK
from exporter.core.reach.path.rule_steps import undecided, unread_step
from exporter.core.reach.view import LISTENERS, RULES, NamespaceView

EMBEDDED = "127.0.0.11"
DNS_PORT = 53


def resolver_fault(context: ReachContext, client: Container, protocol: str = "udp") -> Step | None:
    """Return the step of an engine's DNS server that is not reached, or perhaps not; None where it is."""
    view, name = context.visited(client).view, client.name
    for part, what in ((RULES, "firewall rules"), (LISTENERS, "listening sockets")):
        if (why := view.missing(part)) is not None:
            return unread_step(NAME, f"the {what} of {name} could not be read", why)
    if any(device.link.name == LOOPBACK and not device.link.up for device in view.devices.values()):
        command = f"Run `nsenter -t {context.home(client).pid} -n ip link set {LOOPBACK} up`."
        detail = f"{LOOPBACK} of {name} is down: {EMBEDDED}:53 is not reached"
        return Step(NAME, FAILED, detail, "device_down", command)
    outcomes = _walked(context, view, protocol)
    for outcome in outcomes:
        if outcome.dropped and outcome.decision is not None:
            detail = f"{name} drops its packets to {EMBEDDED}:53: {decided_by(outcome.decision)}"
            return Step(NAME, FAILED, detail, "container_rule")
        if (rule := undecided(outcome)) is not None:
            detail = f"{decided_by(rule)} of {name} may match packets to {EMBEDDED}:53: it is not understood"
            return Step(NAME, UNKNOWN, detail, "rule_not_understood")
    return _target_fault(view, name, outcomes[0], protocol)


def _walked(context: ReachContext, view: NamespaceView, protocol: str) -> tuple[Outcome, ...]:
    """Walk a query out of the client and into its own namespace, and the answer the same way."""
    packet = Packet(
        oif=LOOPBACK,
        src=number_of("127.0.0.1"),
        dst=number_of(EMBEDDED),
        protocol=protocol,
        dport=DNS_PORT,
        to_host=True,
        from_host=True,
        family=IP,
    )
    firewall = context.firewall_of(view)
    sent = walk(firewall, packet, (OUTPUT,))
    answer = answer_to(packet, sent.packet, sent.packet)._replace(iif="", oif=LOOPBACK)
    answered = walk(firewall, answer, (OUTPUT,))
    looped = (one.packet._replace(iif=LOOPBACK, oif="", to_host=True) for one in (sent, answered))
    return sent, answered, *(walk(firewall, one, (PREROUTING, INPUT)) for one in looped)


def _target_fault(view: NamespaceView, name: str, sent: Outcome, protocol: str) -> Step | None:
    if not sent.translations:
        detail = f"the rules that translate {EMBEDDED}:53 to the engine's port are gone from the namespace of {name}"
        return Step(NAME, FAILED, detail, "resolver_rules_missing")
    if sent.packet.dst != number_of(EMBEDDED):
        detail = f"a rule of {name} translates {EMBEDDED}:53 to another address than the engine's"
        return Step(NAME, UNKNOWN, detail, "name_uncertain")
    port = sent.packet.dport
    if not any((s.protocol, s.address, s.port) == (protocol, EMBEDDED, port) for s in view.listeners):
        detail = f"{EMBEDDED}:53 is translated to port {port}, where no socket listens"
        return Step(NAME, FAILED, detail, "resolver_down")
    return None
