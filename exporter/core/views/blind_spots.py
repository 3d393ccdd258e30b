"""What could not be looked at, in sentences for people."""

from exporter.core.observation import Observation

# The reasons for which findings are suspended.
SENTENCES = {
    "engine": "the Docker Engine does not answer",
    "host_network": "this is not the network namespace of Docker's bridges",
    "sockets": "listening sockets could not be read",
    "socket_owners": "some listening sockets belong to processes that cannot be seen from here",
    "namespace_sockets": "who listens inside containers cannot be read",
    "routes": "routes could not be read",
    "static_addresses": "static addresses could not be read",
    "overlays": "overlay networks' namespaces cannot be read",
    "nat": "NAT rules cannot be read",
    "reserved_ports": "net.ipv4.ip_local_reserved_ports could not be read",
}
# An engine that writes no rules cannot have wrong ones.
NOT_APPLICABLE = frozenset({"no_docker_rules"})


def unseen(observation: Observation) -> dict[str, str]:
    """Return reason -> sentence of what keeps some kinds of findings from being looked for."""
    judgement = observation.judgement
    drift = observation.nat.judgement.suspended if observation.nat else ()
    reasons = dict.fromkeys((*judgement.suspended, *observation.ports.suspended, *drift))
    return {reason: SENTENCES.get(reason, reason) for reason in reasons if reason not in NOT_APPLICABLE}


def hints(observation: Observation) -> list[str]:
    """Return what to grant, to see all of it."""
    return [missing.detail for missing in observation.degraded]
