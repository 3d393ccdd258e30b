"""Columns that many tables have; their cells open the dashboard of what they name."""

from grafana import links
from grafana.tables import Column

HOST = Column("instance", "Host", width=125, links=[("Host", links.to("host", instance=links.cell("instance")))])
NETWORK = Column(
    "network",
    "Network",
    width=140,
    links=[("Network", links.to("network", instance=links.cell("instance"), network=links.cell("network")))],
)
CONTAINER = Column(
    "container",
    "Container",
    width=150,
    links=[("Container", links.to("container", instance=links.cell("instance"), container=links.cell("container")))],
)
