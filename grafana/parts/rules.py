"""Rules of NAT and filter, and what they do."""

from grafana_foundation_sdk.builders import timeseries

from grafana import links
from grafana.panels import graph
from grafana.promql import HOST, of, rate, total
from grafana.targets import over_time


def rules() -> timeseries.Panel:
    """Rules by chain."""
    return graph(
        "Rules by chain",
        "Rules in the chains that matter to Docker; a sudden fall is a flush or a firewall's reload.",
        "short",
        over_time(
            total("instance, family, table, chain", of("dockernet_nat_rules", HOST)),
            "{{family}} {{table}} {{chain}} on {{instance}}",
        ),
    )


def rule_set_changes() -> timeseries.Panel:
    """Who keeps changing the rules."""
    return graph(
        "Rule set changes",
        "Changes of the rule set per minute: Docker's own at each start and stop, and those of other programs.",
        "short",
        over_time(
            f"60 * {total('instance', rate('dockernet_nat_ruleset_changes_total', HOST))}", "{{instance}} per minute"
        ),
    )


def masqueraded(scope: str) -> timeseries.Panel:
    """Connections that leave with the host's address."""
    return graph(
        "Connections masqueraded",
        "New connections per second that left a network with the host's address.",
        "cps",
        over_time(
            total("instance, network", rate("dockernet_network_masquerade_connections_total", scope)),
            "{{network}} on {{instance}}",
        ),
        links=links.SERIES_NETWORK,
    )


def filtered(scope: str) -> timeseries.Panel:
    """What Docker's own rules drop."""
    return graph(
        "Dropped by Docker's filter rules",
        "Packets per second that Docker's own rules dropped: isolation of networks, ports that are not published.",
        "pps",
        over_time(
            total("instance, network, reason", rate("dockernet_filter_drops_total", scope)),
            "{{network}} {{reason}} on {{instance}}",
        ),
        links=links.SERIES_NETWORK,
    )


def user_rules() -> timeseries.Panel:
    """The operator's own rules."""
    return graph(
        "Rules in DOCKER-USER",
        "The operator's own rules; without them the ports that they protected are open.",
        "short",
        over_time(of("dockernet_user_rules", HOST), "{{family}} on {{instance}}"),
    )
