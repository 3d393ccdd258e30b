"""Links to other dashboards, with the time range and the clicked value."""

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.models import dashboard as models

TAG = "dockernet"
UIDS = {
    name: f"dockernet-{name}"
    for name in ("overview", "host", "network", "container", "ports", "topology", "connections", "exporter")
}
_KEPT = "${__url_time_range}&${datasource:queryparam}&${job:queryparam}"


def to(name: str, **variables: str) -> str:
    """The URL of a dashboard with these variables set; the time range, data source and job go along."""
    return f"/d/{UIDS[name]}?{_KEPT}" + "".join(f"&var-{key}={value}" for key, value in variables.items())


def to_any(name: str) -> str:
    """The same for a dashboard whose name is only known at the click."""
    return f"/d/dockernet-{name}?{_KEPT}"


def cell(label: str) -> str:
    """What a table's row says in a column, by the label that the column was made of."""
    return f"${{__data.fields.{label}}}"


def series(label: str) -> str:
    """A label of the clicked series."""
    return f"${{__field.labels.{label}}}"


def link(title: str, url: str) -> builders.DashboardLink:
    """A link of a panel or of its data."""
    return builders.DashboardLink(title).type(models.DashboardLinkType.LINK).url(url)


def dashboard_of(name: str) -> list[builders.DashboardLink]:
    """What a click on a number opens: the dashboard that shows more, with the same hosts."""
    return [link(name.capitalize(), to(name) + "&${instance:queryparam}")]


def menu() -> builders.DashboardLink:
    """The other dashboards of this product, in the dashboard's head."""
    return (
        builders.DashboardLink("Docker networking")
        .type(models.DashboardLinkType.DASHBOARDS)
        .tags([TAG])
        .as_dropdown(True)
        .keep_time(True)
        .include_vars(True)
        .target_blank(False)
    )


# What a click on a line or bar opens, by the labels that the series has.
SERIES_HOST = [link("Host", to("host", instance=series("instance")))]
SERIES_NETWORK = [link("Network", to("network", instance=series("instance"), network=series("network")))]
SERIES_CONTAINER = [link("Container", to("container", instance=series("instance"), container=series("container")))]
