from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from grafana.build import BOARDS
from tests.support.grafana.dashboards import Dashboard, dashboards, panels
from tests.support.grafana.lint import RULES

SPOILED: dict[str, Callable[[Dashboard], Any]] = {
    "template_datasource": lambda d: _variable(d, "datasource").update(query="loki"),
    "template_labels": lambda d: _variable(d, "instance").update(refresh=1),
    "template_queries": lambda d: _variable(d, "network").update(query="label_values(dockernet_network_info, network)"),
    "every_variable_is_used": lambda d: d["templating"]["list"].append({"name": "spare", "type": "query"}),
    "panel_datasource": lambda d: panels(d)[0]["targets"][0]["datasource"].update(uid="prometheus"),
    "panel_title_description": lambda d: panels(d)[0].pop("description"),
    "panel_units": lambda d: panels(d)[0]["fieldConfig"]["defaults"].pop("unit"),
    "panel_targets": lambda d: panels(d)[0].update(targets=[]),
    "legends": lambda d: _graph(d)["targets"][0].update(legendFormat="{{__name__}}"),
    "target_promql": lambda d: _ask(d, "sum by (instance"),
    "target_scope": lambda d: _ask(d, 'dockernet_up{job=~"$job"}'),
    "target_rate_interval": lambda d: _ask(d, _scoped("rate(dockernet_endpoint_receive_bytes_total{}[5m])")),
    "target_counters": lambda d: _ask(d, _scoped("changes(dockernet_endpoint_receive_bytes_total{}[$__range])")),
    "uneditable": lambda d: d.update(refresh="5s"),
    "grid": lambda d: panels(d)[0]["gridPos"].update(w=4),
}


def _variable(dashboard: Dashboard, name: str) -> dict[str, Any]:
    return next(each for each in dashboard["templating"]["list"] if each["name"] == name)


def _graph(dashboard: Dashboard) -> dict[str, Any]:
    return next(panel for panel in panels(dashboard) if panel["type"] == "timeseries")


def _ask(dashboard: Dashboard, expr: str) -> None:
    panels(dashboard)[0]["targets"][0]["expr"] = expr


def _scoped(expr: str) -> str:
    return expr.replace("{}", '{job=~"$job", instance=~"$instance"}')


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("dashboard", dashboards(), ids=lambda dashboard: dashboard["uid"])
def test_a_dashboard_keeps_the_rules(dashboard: Dashboard, rule: str) -> None:
    assert list(RULES[rule](dashboard)) == []


@pytest.mark.parametrize("rule", RULES)
def test_a_broken_rule_is_found(rule: str) -> None:
    dashboard = deepcopy(next(each for each in dashboards() if each["uid"] == "dockernet-overview"))
    SPOILED[rule](dashboard)
    assert len(list(RULES[rule](dashboard))) == 1


def test_every_dashboard_is_there_once() -> None:
    assert sorted(dashboard["uid"] for dashboard in dashboards()) == sorted(f"dockernet-{name}" for name in BOARDS)
    assert len({dashboard["title"] for dashboard in dashboards()}) == len(BOARDS)
