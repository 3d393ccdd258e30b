"""Colours, thresholds and texts for values."""

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.models import dashboard

from grafana.promql import SEVERITIES

NEUTRAL, GOOD, NOTED, BAD = "text", "green", "orange", "red"
SEVERITY_COLORS = {"critical": BAD, "warning": NOTED, "info": "blue"}


def thresholds(base: str, *steps: tuple[float, str]) -> builders.ThresholdsConfig:
    """`base` below the first step."""
    levels = [dashboard.Threshold(color=base, value=None)]
    levels += [dashboard.Threshold(color=color, value=value) for value, color in steps]
    return builders.ThresholdsConfig().mode(dashboard.ThresholdsMode.ABSOLUTE).steps(levels)


def texts(**values: tuple[str, str]) -> list[dashboard.ValueMapping]:
    """Text and colour for single values: `texts(_0=("down", "red"))`."""
    options = {
        value.removeprefix("_"): dashboard.ValueMappingResult(text=text, color=color, index=index)
        for index, (value, (text, color)) in enumerate(values.items())
    }
    return [dashboard.ValueMap(options=options)]


def severities() -> list[dashboard.ValueMapping]:
    """Names and colours for the numbers of promql.by_severity."""
    return texts(**{f"_{rank}": (name, SEVERITY_COLORS[name]) for name, rank in SEVERITIES.items()})
