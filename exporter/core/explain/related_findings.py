"""Findings about the subjects of an explanation: its containers, their networks, the port, all published ports."""

from exporter.core.explain.path import Path
from exporter.core.explain.query import Query
from exporter.core.findings.finding import Finding
from exporter.core.observation import Observation

OPENED = frozenset({"missing_masquerade", "forward_drop", "bridge_filtered"})
NAMES = ("container", "wanted_by", "holder", "subject")


def related(observation: Observation, containers: frozenset[str], query: Query | None = None) -> tuple[Finding, ...]:
    """Return the findings that name one of the containers, one of their networks as a whole, or the query's port.

    Those about the rules of all published ports belong to each container that publishes one.
    """
    topology = observation.topology
    bindings = observation.nat.expected.bindings if observation.nat else ()
    publishes = any(binding.container in containers for binding in bindings)
    everyone = {container.name for container in topology.inventory.containers.values()}
    networks = {a.network.name for a in topology.attachments if a.container.name in containers}
    return tuple(
        found
        for evaluation in observation.evaluations.values()
        for found in evaluation.findings
        if _names(found) & containers
        or (query is not None and _is_about_port(found, query))
        or (found.labels.get("network") in networks and not _names(found) & everyone)
        or (publishes and is_about_all(found))
    )


def is_about_all(found: Finding) -> bool:
    """Whether a finding is about the rules of a whole address family: it names a chain, and no network or port."""
    labels = found.labels
    return bool(labels.get("family") and labels.get("chain")) and not (labels["network"] or labels["host_port"])


def is_about_another_port(found: Finding, path: Path) -> bool:
    """Whether a finding names a port, and it is neither the path's on the host nor that in the container."""
    named, protocol = found.labels.get("port") or found.labels.get("host_port"), found.labels.get("protocol")
    if not named or not path.port:
        return False
    return named not in (str(path.port), str(path.container_port)) or protocol not in ("", None, path.protocol)


def is_about_other_ways(found: Finding, path: Path) -> bool:
    """Whether a finding is about what a network's containers open: their way out, or each other.

    A published port is walked by itself, and has findings of its own.
    """
    return bool(path.port) and found.kind in OPENED and not found.labels.get("host_port")


def _names(found: Finding) -> set[str]:
    return {found.labels[name] for name in NAMES if found.labels.get(name)}


def _is_about_port(found: Finding, query: Query) -> bool:
    port, protocol = found.labels.get("port") or found.labels.get("host_port"), found.labels.get("protocol")
    return port == str(query.port) and query.protocol in ("", protocol)
