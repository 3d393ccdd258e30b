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


def is_about_other_packets(found: Finding, path: Path) -> bool:
    """Whether a finding is about another port than the path's, or about what a network's containers open.

    A published port is walked by itself, and has findings of its own.
    """
    if not path.port:
        return False
    named, protocol = found.labels.get("port") or found.labels.get("host_port"), found.labels.get("protocol")
    if not named:
        return found.kind in OPENED
    return named not in (str(path.port), str(path.container_port)) or protocol not in ("", None, path.protocol)


def _names(found: Finding) -> set[str]:
    return {found.labels[name] for name in NAMES if found.labels.get(name)}


def _is_about_port(found: Finding, query: Query) -> bool:
    port, protocol = found.labels.get("port") or found.labels.get("host_port"), found.labels.get("protocol")
    return port == str(query.port) and query.protocol in ("", protocol)
