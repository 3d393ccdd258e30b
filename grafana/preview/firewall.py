"""The made-up hosts' ports, rules, connection tables and findings."""

from collections.abc import Sequence

from grafana.preview import incidents
from grafana.preview.fleet import ATTACHMENTS, ENGINES, LISTENERS, NETWORKS, PUBLISHED
from grafana.preview.history import NEVER, Course, History, Period, during, scaled, wave
from grafana.preview.incidents import FLUSH, STOLEN, Incident

# Chains of each firewall backend: table, chain, target of most of its rules, how many there are.
CHAINS = {
    "iptables-nft": (
        ("nat", "DOCKER", "DNAT", 2),
        ("nat", "POSTROUTING", "MASQUERADE", 5),
        ("filter", "DOCKER", "ACCEPT", 4),
    ),
    "iptables-legacy": (("nat", "DOCKER", "DNAT", 4), ("nat", "POSTROUTING", "MASQUERADE", 3)),
    "nftables": (("docker-bridges", "nat-prerouting-and-output", "DNAT", 1),),
}


def fill(history: History) -> None:
    """All of it."""
    for host in ENGINES:
        _connection_table(history, host)
        _rules(history, host)
    for host, name in NETWORKS:
        if NETWORKS[host, name].driver == "bridge":
            _network_rules(history, host, name)
    _published(history)
    for host, protocol, address, port, owner, owner_kind, scope in LISTENERS:
        labels = {"protocol": protocol, "address": address, "port": port, "owner": owner, "owner_kind": owner_kind}
        history.gauge("dockernet_host_listener_info", host, labels | {"scope": scope})
    _findings(history, "dockernet_port_conflict", "dockernet_port_conflicts", incidents.PORTS)
    _findings(history, "dockernet_nat_drift", "dockernet_nat_drifts", incidents.DRIFTS)
    _findings(history, "dockernet_network_finding", "dockernet_network_findings", incidents.NETWORKS)


def _connection_table(history: History, host: str) -> None:
    limit, level = (65536, 0.83) if host == "edge-1" else (262144, 0.2)
    growing = wave(limit * level, host, 0.02)
    history.gauge("dockernet_conntrack_entries", host, {}, lambda ago: growing(ago) * (1 - 0.13 * min(ago, 3)))
    history.gauge("dockernet_conntrack_entries_limit", host, {}, limit)
    for reason in ("insert_failed", "drop", "early_drop"):
        lost = during((0.6, 0.45) if (host, reason) == ("edge-1", "insert_failed") else NEVER, wave(0.4, host))
        history.counter("dockernet_conntrack_drops_total", host, {"reason": reason}, lost)
    for container, sends in {a.container: a.sends for a in ATTACHMENTS if a.host == host}.items():
        for protocol, part in (("tcp", 1.0), ("udp", 0.1)):
            entries = wave(part * (20 + sends / 3e3), container + protocol)
            labels = {"container": container, "protocol": protocol}
            history.gauge("dockernet_container_conntrack_entries", host, labels, entries)


def _rules(history: History, host: str) -> None:
    backend = ENGINES[host][5]
    flushed = FLUSH if host == "edge-1" else NEVER
    for table, chain, target, count in CHAINS[backend]:
        labels = {"family": "ip", "table": table, "chain": chain, "target": target}
        history.gauge("dockernet_nat_rules", host, labels, during(flushed, 0, count))
    history.gauge("dockernet_user_rules", host, {"family": "ip"}, 3 if host == "edge-1" else 1)
    if backend != "iptables-legacy":
        history.counter("dockernet_nat_ruleset_changes_total", host, {}, during(flushed, 0.5, wave(0.01, host)))


def _network_rules(history: History, host: str, name: str) -> None:
    flushed = FLUSH if host == "edge-1" else NEVER
    history.gauge("dockernet_network_nat_rules", host, {"network": name, "target": "MASQUERADE"}, during(flushed, 0, 1))
    leaving = during(flushed, 0, wave(4, host + name))
    history.counter("dockernet_network_masquerade_connections_total", host, {"network": name}, leaving)
    dropped = wave(3, name + host)
    history.counter("dockernet_filter_drops_total", host, {"network": name, "reason": "isolation"}, dropped)


def _published(history: History) -> None:
    hurt = {"shop-web-1": STOLEN, "edge-proxy-1": FLUSH}
    for host, container, protocol, address, port, inside, scope, rate in PUBLISHED:
        of = {"container": container, "protocol": protocol, "host_port": port}
        info = {"host_address": address, "container_port": inside, "scope": scope}
        history.gauge("dockernet_published_port_info", host, of | info)
        course = during(hurt.get(container, NEVER), 0, wave(rate, container + port))
        history.counter("dockernet_published_port_connections_total", host, of, course)
        history.gauge("dockernet_published_port_connections_active", host, of, scaled(course, 6))
        flushed = FLUSH if host == "edge-1" else NEVER
        history.gauge(
            "dockernet_container_nat_rules", host, {"container": container, "target": "DNAT"}, during(flushed, 0, 2)
        )
        refused = during((2.45, 1.9) if port == "443" else NEVER, 1 / 60)
        failed = {"container": container, "protocol": protocol, "port": port}
        history.counter("dockernet_port_bind_failures_total", host, failed, refused)
        if ENGINES[host][6] == "true":
            proxied = {"container": container}
            history.gauge("dockernet_docker_proxy_processes", host, proxied, 2)
            history.gauge("dockernet_docker_proxy_resident_memory_bytes", host, proxied, wave(7.4e6, container, 0.01))


def _findings(history: History, each: str, counted: str, found: Sequence[Incident]) -> None:
    for incident in found:
        history.gauge(each, incident.host, incident.labels, 1, incident.stood)
    for host in ENGINES:
        for kind in {incident.labels["kind"]: None for incident in found}:
            stood = [incident.stood for incident in found if (incident.host, incident.labels["kind"]) == (host, kind)]
            history.gauge(counted, host, {"kind": kind}, _standing(stood))


def _standing(periods: Sequence[Period]) -> Course:
    """How many findings of a kind stand."""
    return lambda ago: sum(until <= ago <= since for since, until in periods)
