"""A DNAT rule of Docker's chains has a target address that no container has.

Guard: looked up in every bridge network and in docker_gwbridge, and only while all their members are known; an address
on the link of another device, or the target of a docker-proxy, belongs to another engine. Not reported in addition to a
wrong_dnat for the same port, which is its effect on a running container.
"""

from collections.abc import Iterator
from ipaddress import ip_address

from exporter.core.findings.finding import WARNING, Finding
from exporter.core.nat.address_numbers import number_of
from exporter.core.nat.context import NatContext
from exporter.core.nat.drift import Subject, drift
from exporter.core.nat.expected import ANY_ADDRESS
from exporter.core.nat.format import address_text
from exporter.core.nat.layout import INGRESS
from exporter.core.nat.ruleset import DPORT, DST, PROTOCOL, Rule

KIND = "stale_dnat"


def check(context: NatContext) -> Iterator[Finding]:
    """Check all DNAT rules of the engine."""
    if not context.expected.complete:
        return
    live = {(b.family, b.protocol, b.host_port) for b, hits in context.entries if hits}
    for family in sorted(context.families):
        for chain in (context.layout.entry, INGRESS):
            for rule in context.rules(context.layout.nat_place(family, chain)):
                if rule.target == "DNAT" and _is_unassigned(context, rule.address):
                    found = _drift(rule)
                    if (family, found.labels["protocol"], _port(rule)) not in live:
                        yield found


def _is_unassigned(context: NatContext, address: str) -> bool:
    if not address or address in context.expected.owners or address in context.foreign:
        return False
    number, bits = number_of(address), ip_address(address).max_prefixlen
    links = context.expected.inside.links
    return not any(mask.bit_length() == bits and number & mask == network for network, mask in links)


def _port(rule: Rule) -> int:
    ports = rule.value(DPORT)
    return int(ports[0]) if ports else 0


def _drift(rule: Rule) -> Finding:
    destination, protocol = rule.value(DST), rule.value(PROTOCOL) or ""
    subject = Subject(
        family=rule.family,
        chain=rule.chain,
        protocol=protocol,
        host_address=address_text(rule.family, *destination) if destination else ANY_ADDRESS[rule.family],
        host_port=str(_port(rule) or ""),
    )
    detail = f"{protocol} port {_port(rule)} is forwarded to {rule.address}:{rule.port}, which no container has"
    return drift(KIND, WARNING, subject, detail, key=(subject, rule.address, rule.port))
