"""Queries of panels."""

from grafana_foundation_sdk.builders import prometheus
from grafana_foundation_sdk.models import prometheus as models

from grafana.variables import DATASOURCE


def over_time(expr: str, legend: str, ref: str = "A") -> prometheus.Dataquery:
    """Ask for the whole time range; `legend` is how a series is called."""
    return _query(expr, ref).range().legend_format(legend)


def now(expr: str, legend: str = "", ref: str = "A") -> prometheus.Dataquery:
    """Ask for the end of the time range alone: what is gone by then is not shown."""
    return _query(expr, ref).instant().legend_format(legend)


def rows(expr: str, ref: str = "A") -> prometheus.Dataquery:
    """Ask for a table with a column for each label, as of the end of the time range."""
    return _query(expr, ref).instant().format(models.PromQueryFormat.TABLE)


def _query(expr: str, ref: str) -> prometheus.Dataquery:
    return prometheus.Dataquery().datasource(DATASOURCE).expr(expr).ref_id(ref)
