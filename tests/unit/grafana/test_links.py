"""A click leads somewhere."""

import json
import re
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from grafana.runbooks import BASE, by_kind
from tests.support.grafana.dashboards import Dashboard, dashboards, variables

REPOSITORY = Path(__file__).parents[3]
RUNBOOKS = REPOSITORY / "docs/runbooks"
KINDS = re.compile(r"^\| `(?P<kind>[a-z_]+)` \| .+ \| (?:critical|warning|info)[^|]* \|$", re.MULTILINE)
# Findings that need not wake anybody and have no alert.
QUIET = {"ephemeral_overlap", "port_unused"}
BY_UID = {dashboard["uid"]: dashboard for dashboard in dashboards()}
TO_ALL = "${__data.fields.look_at}"

every_dashboard = pytest.mark.parametrize("dashboard", dashboards(), ids=lambda dashboard: dashboard["uid"])


def urls(tree: object) -> list[str]:
    """Every url below a piece of JSON."""
    if isinstance(tree, dict):
        return [url for key, value in tree.items() for url in ([value] if key == "url" and value else urls(value))]
    return [url for each in tree for url in urls(each)] if isinstance(tree, list) else []


def targets(url: str) -> list[str]:
    """The uids that a link to a dashboard may lead to."""
    uid = url.removeprefix("/d/").partition("?")[0]
    return ["dockernet-ports", "dockernet-host", "dockernet-network"] if TO_ALL in uid else [uid]


@every_dashboard
def test_links_to_dashboards_name_one_that_exists_and_variables_that_it_has(dashboard: Dashboard) -> None:
    links = [url for url in urls(dashboard) if not url.startswith(BASE)]
    assert links
    for url in links:
        given = {name for name, _ in parse_qsl(url.partition("?")[2]) if name.startswith("var-")}
        for uid in targets(url):
            assert given <= {f"var-{name}" for name in variables(BY_UID[uid])}, url


@every_dashboard
def test_links_to_runbooks_name_one_that_exists(dashboard: Dashboard) -> None:
    named = {url.removeprefix(f"{BASE}/") for url in urls(dashboard) if url.startswith(BASE)}
    existing = {path.name for path in RUNBOOKS.glob("*.md")}
    assert named - {"${__data.fields.alert}.md"} <= existing


def test_every_table_of_findings_leads_to_the_runbook_of_each_kind() -> None:
    tables = [
        panel
        for dashboard in dashboards()
        for panel in dashboard["panels"]
        if f"{BASE}/${{__data.fields.alert}}.md" in urls(panel)
    ]
    assert [panel["title"] for panel in tables] == ["NAT drift", "Network findings", "Findings", "Conflicts"]
    for panel in tables:
        [override] = [each for each in panel["fieldConfig"]["overrides"] if each["matcher"]["options"] == "Runbook"]
        [mapping] = next(each["value"] for each in override["properties"] if each["id"] == "mappings")
        assert {kind: result["text"] for kind, result in mapping["options"].items()} == by_kind()


def test_every_kind_of_finding_has_an_alert_with_a_runbook() -> None:
    documented = {match["kind"] for match in KINDS.finditer((REPOSITORY / "docs/metrics.md").read_text())}
    assert documented - QUIET <= by_kind().keys()
    assert {f"{alert}.md" for alert in by_kind().values()} <= {path.name for path in RUNBOOKS.glob("*.md")}


def test_the_menu_of_each_dashboard_lists_all() -> None:
    for dashboard in dashboards():
        [menu] = [link for link in dashboard["links"] if link["type"] == "dashboards"]
        assert set(menu["tags"]) <= set(dashboard["tags"]), json.dumps(menu)
