import json
from pathlib import Path
from typing import Any

import _jsonnet
import yaml

from grafana.build import BOARDS, FOLDER

REPOSITORY = Path(__file__).parents[3]
PUBLISHED = "https://example.org/runbooks"
WHOLE = """
local mixin = (import 'grafana/mixin.libsonnet') + %s;
{ dashboards: mixin.grafanaDashboards, alerts: mixin.prometheusAlerts, rules: mixin.prometheusRules }
"""


def mixin(config: str = "{}") -> Any:
    """What a user of the mixin gets."""
    return json.loads(_jsonnet.evaluate_snippet(f"{REPOSITORY}/mixin.jsonnet", WHOLE % config))


def committed(name: str) -> Any:
    return yaml.safe_load((REPOSITORY / f"deploy/prometheus/{name}.yml").read_text())


def runbooks(groups: Any) -> set[str]:
    """The folder of each runbook."""
    return {rule["annotations"]["runbook_url"].rpartition("/")[0] for group in groups for rule in group["rules"]}


def test_the_mixin_has_all_dashboards_as_they_are() -> None:
    expected = {f"dockernet-{name}.json": json.loads((FOLDER / f"{name}.json").read_text()) for name in BOARDS}
    assert mixin()["dashboards"] == expected


def test_the_mixin_has_all_rules_as_they_are() -> None:
    assert mixin("{ _config+:: { runbooks: 'docs/runbooks' } }")["alerts"] == committed("alerts")
    assert mixin()["rules"] == committed("recording")


def test_runbooks_are_where_their_reader_published_them() -> None:
    moved = mixin(f"{{ _config+:: {{ runbooks: '{PUBLISHED}' }} }}")
    assert "dockernet.example" not in json.dumps(moved)
    assert f"{PUBLISHED}/${{__data.fields.alert}}.md" in json.dumps(moved["dashboards"])
    assert runbooks(moved["alerts"]["groups"]) == {PUBLISHED}
