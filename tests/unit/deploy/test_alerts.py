"""The alert rules against the metrics, the findings and the runbooks."""

import re
import subprocess
from pathlib import Path

import pytest

from exporter.core.nat.rules import NAT_KINDS
from exporter.core.network.rules import NETWORK_KINDS
from exporter.core.ports.rules import PORT_KINDS
from tests.support import rule_files
from tests.support.documented import documented
from tests.support.rule_files import ALERTS, DOCS, OWN_METRICS, RECORDING, RUNBOOKS, TARGET_LABELS, Selector

ADVICE = {"ephemeral_overlap", "port_unused"}  # never worse than info: nobody is told
KINDS = {*NETWORK_KINDS, *PORT_KINDS, *NAT_KINDS} - ADVICE
ROW = re.compile(
    r"^\| \[(?P<alert>\w+)\]\((?P<file>\w+\.md)\) \| (?P<severity>[\w ]+) \| (?P<after>\w+) \|$", re.MULTILINE
)
KIND_ROW = re.compile(r'^\| <a id="(?P<anchor>\w+)"></a>`(?P<kind>\w+)` \| \S', re.MULTILINE)
ANCHOR = re.compile(r'^\| <a id="(?P<anchor>\w+)"></a>`(?P<kind>\w+)` \| \[(?P<alert>\w+)\]', re.MULTILINE)


def known() -> dict[str, frozenset[str]]:
    """Every metric that a rule may read, with its labels."""
    return OWN_METRICS | {name: labels for name, (_, labels) in documented().items()}


def recorded() -> set[str]:
    return {rule["record"] for rule in rule_files.rules(RECORDING)}


@pytest.mark.parametrize(
    ("expression", "read"),
    [
        ("dockernet_up == 0", [Selector("dockernet_up", frozenset())]),
        ('a{x="1",y!~"z"} > 1 unless on (i) b', [Selector("a", frozenset({"x", "y"})), Selector("b", frozenset())]),
        ("absent(rate(c[5m]) / (d > 0))", [Selector("c", frozenset()), Selector("d", frozenset())]),
        ('sum by (i) ({__name__=~"e|f"})', [Selector("e", frozenset()), Selector("f", frozenset())]),
    ],
)
def test_all_that_an_expression_reads_is_found(expression: str, read: list[Selector]) -> None:
    assert rule_files.selectors(expression) == read


@pytest.mark.parametrize("path", [ALERTS, RECORDING], ids=lambda path: path.name)
def test_every_metric_and_label_that_a_rule_reads_is_exposed(path: Path) -> None:
    exposed = known() | {name: frozenset[str]() for name in recorded()}
    unknown = [
        selector
        for rule in rule_files.rules(path)
        for selector in rule_files.selectors(rule["expr"])
        if selector.metric not in exposed or not selector.labels <= exposed[selector.metric] | TARGET_LABELS
    ]
    assert unknown == []


def test_no_alert_needs_the_recording_rules() -> None:
    read = {s.metric for rule in rule_files.rules(ALERTS) for s in rule_files.selectors(rule["expr"])}
    assert read & recorded() == set()


def test_every_alert_has_a_name_of_the_product_a_severity_and_all_annotations() -> None:
    for name, rule in rule_files.alerts().items():
        assert re.fullmatch(r"Dockernet([A-Z][a-z]+)+", name), name
        assert rule["annotations"].keys() == {"summary", "description", "runbook_url"}, name
        assert "{{" not in rule["annotations"]["summary"], name
        (first, *_) = rule_files.selectors(rule["expr"])
        own = rule.get("labels", {}).get("severity")
        assert own in {"critical", "warning", "info"} or "severity" in known()[first.metric], name


def test_every_alert_fires_in_a_unit_test_with_everything_it_says_and_is_silent_in_one() -> None:
    looks = rule_files.expected()
    for name, rule in rule_files.alerts().items():
        firing = [alert for looked_at, found in looks if looked_at == name for alert in found]
        assert firing, f"{name} never fires"
        assert [name for name, found in looks if not found].count(name) >= 2, f"{name} is not shown to be silent"
        for alert in firing:
            assert alert.annotations.keys() == rule["annotations"].keys(), name
            assert "severity" in alert.labels, name


def test_every_kind_of_finding_fires_an_alert_in_a_unit_test() -> None:
    fired = {alert.labels["kind"] for _, found in rule_files.expected() for alert in found if "kind" in alert.labels}
    assert fired == KINDS


def test_every_alert_has_a_runbook_and_every_runbook_an_alert() -> None:
    names = rule_files.alerts().keys()
    assert {path.stem for path in RUNBOOKS.glob("*.md")} - {"README"} == set(names)
    for name, rule in rule_files.alerts().items():
        assert rule["annotations"]["runbook_url"] == f"docs/runbooks/{name}.md"
        assert (RUNBOOKS / f"{name}.md").read_text().startswith(f"# {name}\n"), name


def test_the_list_of_runbooks_says_what_the_rules_say() -> None:
    rows = ROW.finditer((RUNBOOKS / "README.md").read_text())
    listed = [(row["alert"], row["file"], row["severity"], row["after"]) for row in rows]
    assert listed == [
        (name, f"{name}.md", rule.get("labels", {}).get("severity", "of the finding"), rule.get("for", "0m"))
        for name, rule in rule_files.alerts().items()
    ]


def test_a_kind_of_finding_leads_to_the_runbook_of_its_alert() -> None:
    rows = list(ANCHOR.finditer((RUNBOOKS / "README.md").read_text()))
    led_to = {row["kind"]: row["alert"] for row in rows if row["anchor"] == row["kind"]}
    fires = {
        alert.labels["kind"]: name
        for name, found in rule_files.expected()
        for alert in found
        if "kind" in alert.labels and alert.labels.get("confidence") != "suspected"
    }
    assert led_to == fires


def test_every_kind_of_finding_has_a_row_also_without_an_alert() -> None:
    rows = list(KIND_ROW.finditer((RUNBOOKS / "README.md").read_text()))
    assert [row["anchor"] for row in rows] == [row["kind"] for row in rows]
    assert sorted(row["kind"] for row in rows) == sorted(KINDS | ADVICE)


def test_the_command_beside_the_rules_makes_links_of_all_paths(tmp_path: Path) -> None:
    (command,) = re.findall(r"^#   (sed .*) alerts\.yml$", ALERTS.read_text(), re.MULTILINE)
    copy = tmp_path / "alerts.yml"
    copy.write_text(ALERTS.read_text())
    subprocess.run(f"{command} {copy}", shell=True, check=True, timeout=60)  # noqa: S602  as a person would
    urls = [rule["annotations"]["runbook_url"] for rule in rule_files.rules(copy)]
    assert urls == [f"https://YOUR-COPY/docs/runbooks/{name}.md" for name in rule_files.alerts()]


def test_the_runbooks_name_no_metric_that_does_not_exist() -> None:
    """What a command greps for is the beginning of a name."""
    text = "".join(path.read_text() for path in RUNBOOKS.glob("*.md"))
    named = set(re.findall(r"\bdockernet_[a-z_]+[a-z]\b", text))
    assert {name for name in named if not any(metric.startswith(name) for metric in known())} == set()


def test_every_right_that_can_be_missing_is_in_the_table_of_rights_and_in_the_runbook() -> None:
    row = re.search(r"^\| `dockernet_collector_degraded.*", (DOCS / "metrics.md").read_text(), re.MULTILINE)
    reasons = set(re.findall(r"`(no_\w+)`", row[0])) if row else set()
    assert len(reasons) >= 6
    for document in (DOCS / "deployment.md", RUNBOOKS / "DockernetCollectorDegraded.md"):
        assert {reason for reason in reasons if f"`{reason}`" not in document.read_text()} == set(), document.name
