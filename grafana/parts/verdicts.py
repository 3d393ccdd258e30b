"""Numbers that several dashboards begin with: each is green without faults, and links to the details."""

from collections.abc import Sequence

from grafana_foundation_sdk.builders import stat

from grafana import links, runbooks
from grafana.looks import BAD, NOTED
from grafana.panels import verdict
from grafana.promql import HOST, of, or_zero, rate, share, total

CONNTRACK = share(of("dockernet_conntrack_entries", HOST), of("dockernet_conntrack_entries_limit", HOST))
# What keeps a green dashboard from being the whole truth.
BLIND = (
    f"{of('dockernet_collector_degraded', HOST)} == 1"
    f" or {of('dockernet_findings_suspended', HOST)} == 1"
    f" or 1 - {of('dockernet_scrape_collector_success', HOST)} == 1"
)
LOSS_STEPS = ((0.001, NOTED), (0.01, BAD))


def silent_exporters() -> stat.Panel:
    """Hosts of which nothing is known."""
    return verdict(
        "Silent exporters",
        "Exporters that Prometheus cannot scrape: their hosts are unmonitored.",
        or_zero(f"count({of('up', HOST)} == 0)"),
        links=[*links.dashboard_of("exporter"), runbooks.link("DockernetExporterDown")],
    )


def engines_away() -> stat.Panel:
    """Engines that are not there."""
    return verdict(
        "Engines away",
        "Docker Engines that do not answer their exporter; traffic of their containers is still counted.",
        or_zero(f"count({of('dockernet_up', HOST)} == 0)"),
        links=[*links.dashboard_of("exporter"), runbooks.link("DockernetEngineDown")],
    )


def port_conflicts() -> stat.Panel:
    """Ports in dispute."""
    return verdict(
        "Port conflicts",
        "Ports that a container is configured for but does not have, or would not get at its next start.",
        f"sum({of('dockernet_port_conflicts', HOST)})",
        links=links.dashboard_of("ports"),
    )


def nat_drift() -> stat.Panel:
    """Rules that are not as they should be."""
    return verdict(
        "NAT drift",
        "Rules that Docker must have programmed and the kernel lacks, or the reverse.",
        f"sum({of('dockernet_nat_drifts', HOST)})",
        links=links.dashboard_of("host"),
    )


def network_findings() -> stat.Panel:
    """What is wrong with networks."""
    return verdict(
        "Network findings",
        "Faults of MTUs, subnets, addresses and devices.",
        f"sum({of('dockernet_network_findings', HOST)})",
        steps=((1, NOTED),),
        links=links.dashboard_of("network"),
    )


def blind_spots() -> stat.Panel:
    """What the exporters do not see."""
    return verdict(
        "Blind spots",
        "Missing data: sources that fail, missing privileges, findings that are not evaluated.",
        or_zero(f"count({BLIND})"),
        steps=((1, NOTED),),
        links=links.dashboard_of("exporter"),
    )


def connection_table() -> stat.Panel:
    """How full the fullest table is."""
    return verdict(
        "Connection table",
        "Tracked connections of the fullest host as a share of its limit; a full table refuses new ones.",
        f"max({CONNTRACK})",
        unit="percentunit",
        steps=((0.8, NOTED), (0.9, BAD)),
        links=[*links.dashboard_of("host"), runbooks.link("DockernetConntrackNearLimit")],
    )


def lost(title: str, losses: Sequence[str], packets: Sequence[str], scope: str) -> stat.Panel:
    """Drops and errors as a share of packets."""
    parts = total("", *(rate(family, scope) for family in losses))
    return verdict(
        title,
        "Dropped packets and errors as a share of all packets.",
        or_zero(share(parts, total("", *(rate(family, scope) for family in packets)))),
        unit="percentunit",
        steps=LOSS_STEPS,
    )
