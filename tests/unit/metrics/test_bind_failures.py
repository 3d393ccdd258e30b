"""Refused binds as text."""

from exporter.core.ports.bind_failures import BindFailureReport
from exporter.metrics.bind_failures import bind_failures, families
from exporter.metrics.text import render
from tests.support import builders
from tests.support.builders import CREATED

REPORT = BindFailureReport(
    {("web", "tcp", "8080"): 3, ("web", "udp", "other"): 1}, lost=7, attached={"bind_refused": "fexit"}
)


def test_each_container_protocol_and_port_is_a_series() -> None:
    text = render(bind_failures(REPORT, CREATED), openmetrics=False).decode()
    assert [line for line in text.splitlines() if not line.startswith("# HELP")] == [
        "# TYPE dockernet_port_bind_failures_total counter",
        'dockernet_port_bind_failures_total{container="web",port="8080",protocol="tcp"} 3.0',
        'dockernet_port_bind_failures_total{container="web",port="other",protocol="udp"} 1.0',
        "# TYPE dockernet_port_bind_failures_lost_total counter",
        "dockernet_port_bind_failures_lost_total 7.0",
        "# TYPE dockernet_exporter_bpf_info gauge",
        'dockernet_exporter_bpf_info{attachment="fexit",program="bind_refused"} 1.0',
    ]


def test_openmetrics_says_since_when() -> None:
    lines = render(bind_failures(REPORT, CREATED), openmetrics=True).decode().splitlines()
    created = [line.partition(" ") for line in lines if "_created" in line]
    assert [(name.partition("{")[0], float(value)) for name, _, value in created] == [
        ("dockernet_port_bind_failures_created", CREATED),
        ("dockernet_port_bind_failures_created", CREATED),
        ("dockernet_port_bind_failures_lost_created", CREATED),
    ]


def test_while_nothing_is_refused_the_losses_are_told_alone() -> None:
    names = [metric.name for metric in bind_failures(BindFailureReport(), CREATED)]
    assert names == ["dockernet_port_bind_failures", "dockernet_port_bind_failures_lost", "dockernet_exporter_bpf"]


def test_without_the_program_there_is_nothing() -> None:
    assert list(families(builders.observed(builders.shop()))) == []
