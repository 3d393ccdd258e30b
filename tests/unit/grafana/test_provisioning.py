"""Grafana in the compose stack finds its data source and its dashboards."""

from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).parents[3]


def read(path: str) -> Any:
    return yaml.safe_load((REPOSITORY / path).read_text())


def test_the_data_source_is_the_prometheus_of_the_stack_and_knows_its_scrape_interval() -> None:
    [source] = read("grafana/provisioning/datasources/prometheus.yml")["datasources"]
    prometheus = read("deploy/prometheus/prometheus.yml")["global"]
    command = read("deploy/compose.yml")["services"]["prometheus"]["command"]
    assert source["jsonData"]["timeInterval"] == prometheus["scrape_interval"]
    assert f"--web.listen-address={source['url'].removeprefix('http://')}" in command


def test_the_dashboards_are_read_from_where_the_stack_mounts_them() -> None:
    [provider] = read("grafana/provisioning/dashboards/dockernet.yml")["providers"]
    volumes = read("deploy/compose.yml")["services"]["grafana"]["volumes"]
    assert f"../grafana/dashboards:{provider['options']['path']}:ro" in volumes
    assert "../grafana/provisioning:/etc/grafana/provisioning:ro" in volumes
    assert not provider["allowUiUpdates"]
