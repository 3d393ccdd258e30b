"""Subnets and addresses."""

from grafana_foundation_sdk.builders import bargauge, table, timeseries

from grafana import columns, links
from grafana.looks import BAD, NOTED
from grafana.panels import bars, graph
from grafana.promql import NETWORK, of, rate, share, total
from grafana.tables import BAR, Column, listing
from grafana.targets import now, over_time, rows

BY = "instance, network"
CALLED = "{{network}} on {{instance}}"
ADDRESSES = "sum by (instance, network, subnet) ({})"
USED = ADDRESSES.format(of("dockernet_network_addresses", f'{NETWORK}, state="used"'))
KNOWN = ADDRESSES.format(of("dockernet_network_addresses", NETWORK))


def subnets() -> table.Panel:
    """A row for each subnet."""
    answers = {
        "info": f"max by (instance, network, subnet, gateway) ({of('dockernet_network_subnet_info', NETWORK)})",
        "left": ADDRESSES.format(of("dockernet_network_addresses", f'{NETWORK}, state="available"')),
        "share": share(USED, KNOWN),
    }
    shown = [
        columns.NETWORK,
        columns.HOST,
        Column("subnet", "Subnet", width=140),
        Column("gateway", "Gateway", width=115),
        Column("Value #left", "Addresses left", unit="short", width=108),
        Column("Value #share", "In use", unit="percentunit", cell=BAR, steps=((0.8, NOTED), (0.95, BAD))),
    ]
    return listing(
        "Subnets",
        "Each subnet with its gateway and the number of addresses that Docker can still assign.",
        [rows(expr, ref) for ref, expr in answers.items()],
        shown,
        hidden=["Value #info"],
        sort=("In use", True),
    )


def fullest() -> bargauge.Panel:
    """Subnets that run out first."""
    return bars(
        "Fullest subnets",
        "The ten subnets with most of their addresses in use.",
        "percentunit",
        now(f"sort_desc(topk(10, {share(USED, KNOWN)}))", "{{network}} {{subnet}} on {{instance}}"),
        most=1,
        steps=((0.8, NOTED), (0.95, BAD)),
        links=links.SERIES_NETWORK,
    )


def address_changes() -> timeseries.Panel:
    """Whose address changed."""
    return graph(
        "Address changes",
        "Containers that came back to a network with another address, per minute.",
        "short",
        over_time(
            f"60 * {total(BY, rate('dockernet_endpoint_address_changes_total', NETWORK))}", f"{CALLED} per minute"
        ),
        links=links.SERIES_NETWORK,
    )
