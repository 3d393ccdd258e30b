"""What could not be looked at, in sentences for people."""

from exporter.core.findings.rule import Input
from exporter.core.observation import Observation

# The reasons for which findings are suspended.
SENTENCES = {
    Input.ENGINE: "the Docker Engine does not answer",
    Input.HOST_NETWORK: "this is not the network namespace of Docker's bridges",
    Input.SOCKETS: "listening sockets could not be read",
    Input.SOCKET_OWNERS: "some listening sockets belong to processes that cannot be seen from here",
    Input.NAMESPACE_SOCKETS: "who listens inside containers cannot be read",
    Input.ROUTES: "routes could not be read",
    Input.STATIC_ADDRESSES: "static addresses could not be read",
    Input.OVERLAYS: "overlay networks' namespaces cannot be read",
    Input.NAT: "NAT rules cannot be read",
    Input.RESERVED_PORTS: "net.ipv4.ip_local_reserved_ports could not be read",
}
# An engine that writes no rules cannot have wrong ones.
NOT_APPLICABLE = frozenset({Input.DOCKER_RULES})


def unseen(observation: Observation) -> dict[str, str]:
    """Return reason -> sentence of what keeps some kinds of findings from being looked for."""
    reasons = dict.fromkeys(one for evaluation in observation.evaluations.values() for one in evaluation.missing)
    return {reason.value: SENTENCES[reason] for reason in reasons if reason not in NOT_APPLICABLE}


def hints(observation: Observation) -> list[str]:
    """Return what to grant, to see all of it."""
    return [missing.detail for missing in observation.degraded]
