"""The variables above a dashboard: each narrows the choice of those after it."""

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import common, dashboard

from grafana.promql import HOST, of

DATASOURCE = common.DataSourceRef(type_val="prometheus", uid="${datasource}")

# All of a project must match containers that are in none, too: they have an empty label.
PROJECT = f'{HOST}, compose_project=~"$compose_project"'

_SOURCES = {
    "job": ("Job", "label_values(dockernet_build_info, job)", ".+"),
    "instance": ("Instance", 'label_values(dockernet_build_info{job=~"$job"}, instance)', ".+"),
    "compose_project": (
        "Compose project",
        f"label_values({of('dockernet_container_info', HOST)}, compose_project)",
        ".*",
    ),
    "network": ("Network", f"label_values({of('dockernet_network_info', HOST)}, network)", ".+"),
    # No value of its own for all: all are those of the chosen projects.
    "container": ("Container", f"label_values({of('dockernet_container_info', PROJECT)}, container)", None),
}


def variables(*names: str) -> list[Builder[dashboard.VariableModel]]:
    """The data source, job and instance, and those that are named."""
    source = builders.DatasourceVariable("datasource").label("Data source").type("prometheus")
    return [source, *(_labels(name) for name in ("job", "instance", *names))]


def _labels(name: str) -> builders.QueryVariable:
    label, query, everything = _SOURCES[name]
    variable = (
        builders.QueryVariable(name)
        .label(label)
        .datasource(DATASOURCE)
        .query(query)
        .refresh(dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(dashboard.VariableSort.ALPHABETICAL_CASE_INSENSITIVE_ASC)
        .multi(True)
        .include_all(True)
    )
    return variable if everything is None else variable.all_value(everything)
