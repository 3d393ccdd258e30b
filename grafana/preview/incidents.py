"""What goes wrong on the made-up hosts, in hours before the end."""

from dataclasses import dataclass

from grafana.preview.history import ALWAYS, Period

STOLEN: Period = (0.4, 0)
FLUSH: Period = (1.62, 1.45)
ENGINE_AWAY: Period = (2.2, 2.1)
ANYWHERE = "0.0.0.0"


@dataclass(frozen=True)
class Incident:
    """A finding, and how long it stood."""

    host: str
    stood: Period
    labels: dict[str, str]


def conflict(
    host: str,
    stood: Period,
    kind: str,
    severity: str,
    wanted_by: str,
    port: str,
    holder: tuple[str, str],
    known: str = "",
) -> Incident:
    """A port in dispute; `holder` is a name and what it is."""
    labels = {"kind": kind, "severity": severity, "protocol": "tcp", "address": ANYWHERE, "port": port}
    labels |= {"wanted_by": wanted_by, "holder": holder[0], "holder_kind": holder[1]}
    return Incident(host, stood, {**labels, "confidence": known or "confirmed"})


def drift(
    host: str,
    stood: Period,
    kind: str,
    severity: str,
    chain: str,
    network: str = "",
    container: str = "",
    port: str = "",
) -> Incident:
    """A rule that is not as it should be."""
    labels = {"kind": kind, "severity": severity, "family": "ip", "chain": chain, "network": network}
    published = {"container": container, "protocol": "tcp", "host_address": ANYWHERE, "host_port": port}
    return Incident(host, stood, labels | (published if port else {}))


def finding(host: str, stood: Period, kind: str, network: str, subject: str) -> Incident:
    """Something wrong with a network."""
    return Incident(host, stood, {"kind": kind, "severity": "warning", "network": network, "subject": subject})


PORTS = [
    conflict("shop-1", STOLEN, "published_stolen", "critical", "shop-web-1", "8080", ("metrics-agent", "container")),
    conflict("edge-1", (2.45, 1.9), "start_failed", "critical", "edge-metrics-1", "9100", ("node_exporter", "process")),
    conflict("edge-1", (1.2, 0), "unserved", "warning", "edge-mqtt-1", "1883", ("", "")),
    conflict("edge-1", (2.9, 0), "latent", "warning", "old-proxy", "80", ("edge-proxy-1", "container")),
    conflict(
        "build-1",
        (0.9, 0.65),
        "host_bind_failed",
        "info",
        "debugger",
        "5000",
        ("ci-registry-1", "container"),
        "suspected",
    ),
]
DRIFTS = [
    drift("edge-1", FLUSH, "missing_dnat", "critical", "DOCKER", "", "edge-proxy-1", "443"),
    drift("edge-1", FLUSH, "missing_masquerade", "critical", "POSTROUTING", "edge_default"),
    drift("edge-1", FLUSH, "missing_jump", "critical", "PREROUTING"),
    drift("edge-1", (0.3, 0), "missing_dnat", "warning", "DOCKER", "edge_default", "edge-mqtt-1", "1883"),
    drift("edge-1", (0.75, 0), "isolation_lost", "warning", "DOCKER-ISOLATION-STAGE-1", "vpn"),
    drift("build-1", (2.0, 1.1), "stale_dnat", "warning", "nat-prerouting-and-output", "", "", "8081"),
]
NETWORKS = [
    finding("edge-1", ALWAYS, "mtu_mismatch", "vpn", "eth0"),
    finding("build-1", (1.0, 0), "addresses_low", "ci_default", "172.21.0.0/28"),
    finding("shop-1", (2.6, 2.3), "orphan_veth", "shop_front", "veth3c1f9a0"),
]
