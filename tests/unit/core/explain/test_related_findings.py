"""Findings about the container of a path."""

import pytest
from msgspec.structs import replace

from exporter.core.explain.explain import explain
from exporter.core.explain.path import REACHABLE, UNDETERMINED
from exporter.core.findings.finding import Severity
from exporter.core.observation import Observation
from tests.support.explained_hosts import observation_of
from tests.support.findings import evaluation, network_finding, port_conflict
from tests.support.nat_hosts import OLD


def test_a_critical_finding_about_the_container_is_never_passed_over() -> None:
    def with_finding(severity: Severity, subject: str, network: str = "front") -> Observation:
        finding = network_finding("duplicate_address", severity, network, subject, "planted")
        found = observation_of(OLD)
        return replace(found, network=replace(found.network, evaluation=evaluation(finding)))

    concerned = explain(with_finding("critical", "172.18.0.2"), "8080")
    assert (concerned.verdict, [note.kind for note in concerned.findings]) == (UNDETERMINED, ["duplicate_address"])
    noted = explain(with_finding("warning", "web"), "web")
    assert (noted.verdict, [note.severity for note in noted.findings]) == (REACHABLE, ["warning"])
    for subject, network in (("dns", "front"), ("172.17.0.9", "bridge")):
        other = explain(with_finding("critical", subject, network), "8080")
        assert (other.verdict, other.findings) == (REACHABLE, ())


@pytest.mark.parametrize(("port", "verdict"), [(8080, UNDETERMINED), (80, UNDETERMINED), (8090, REACHABLE)])
def test_a_critical_finding_about_another_port_of_the_container_is_none_of_this_one(port: int, verdict: str) -> None:
    about: dict[str, str | int] = {
        "protocol": "tcp",
        "address": "0.0.0.0",
        "port": port,
        "wanted_by": "web",
        "holder": "",
        "holder_kind": "",
    }
    finding = port_conflict("planted", "critical", "confirmed", "planted", **about)
    found = observation_of(OLD)
    explained = explain(replace(found, network=replace(found.network, evaluation=evaluation(finding))), "8080")
    assert (explained.verdict, [note.kind for note in explained.findings]) == (verdict, ["planted"])
