"""What cannot be observed, in sentences for people."""

from exporter.core.findings.rule import Input
from exporter.core.model.inventory import uninspected
from exporter.core.observation import Observation
from exporter.core.views.finding_rows import not_evaluated

NAMED = 3
# The reasons for which findings are suspended.
SENTENCES = {
    Input.ENGINE: "the Docker Engine does not answer",
    Input.HOST_NETWORK: "this is not the network namespace of the engine's bridges",
    Input.SOCKETS: "listening sockets could not be read",
    Input.SOCKET_OWNERS: "some listening sockets belong to unidentified processes",
    Input.NAMESPACE_SOCKETS: "listeners inside containers cannot be read",
    Input.ROUTES: "routes could not be read",
    Input.STATIC_ADDRESSES: "static addresses could not be read",
    Input.ROUTE_LOOKUPS: "the host's route lookups have no result",
    Input.OVERLAYS: "overlay networks' namespaces cannot be read",
    Input.NAT: "NAT rules cannot be read",
    Input.RULE_SETTING: "no IPv4 rule of the engine is present, and whether it writes any (--iptables) is unknown",
    Input.NETWORK_PAIRS: "there are too many networks to compare the isolation of each with every other one",
    Input.PODMAN_RULES: "Podman's firewall rules are not compared with its configuration",
    Input.RESERVED_PORTS: "net.ipv4.ip_local_reserved_ports could not be read",
}


def unseen(observation: Observation) -> dict[str, str]:
    """Return reason -> sentence of what keeps some kinds of findings from being evaluated."""
    reasons = dict.fromkeys(one for inputs in not_evaluated(observation).values() for one in inputs)
    found = {reason.value: SENTENCES[reason] for reason in reasons if reason in SENTENCES}
    inventory = observation.topology.inventory
    names = uninspected(inventory) if inventory.connected else ()
    if names:
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        found["inspects"] = f"inspects were not read: {', '.join(names[:NAMED])}{more}"
    return found


def hints(observation: Observation) -> list[str]:
    """Return what to grant for complete readings."""
    return [missing.detail for missing in observation.degraded]
