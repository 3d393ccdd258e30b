"""Findings about the subjects of an explanation: its containers, their networks, the port."""

from exporter.core.explain.query import Query
from exporter.core.findings.finding import Finding
from exporter.core.observation import Observation

NAMES = ("container", "wanted_by", "holder", "subject")


def related(observation: Observation, containers: frozenset[str], query: Query | None = None) -> tuple[Finding, ...]:
    """Return the findings that name one of the containers, one of their networks as a whole, or the query's port."""
    topology = observation.topology
    everyone = {container.name for container in topology.inventory.containers.values()}
    networks = {a.network.name for a in topology.attachments if a.container.name in containers}
    return tuple(
        found
        for evaluation in observation.evaluations.values()
        for found in evaluation.findings
        if _names(found) & containers
        or (query is not None and _is_about_port(found, query))
        or (found.labels.get("network") in networks and not _names(found) & everyone)
    )


def _names(found: Finding) -> set[str]:
    return {found.labels[name] for name in NAMES if found.labels.get(name)}


def _is_about_port(found: Finding, query: Query) -> bool:
    port, protocol = found.labels.get("port") or found.labels.get("host_port"), found.labels.get("protocol")
    return port == str(query.port) and query.protocol in ("", protocol)
