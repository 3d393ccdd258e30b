"""Findings about the container of a path."""

import pytest
from msgspec.structs import replace

from exporter.core.explain.explain import explain
from exporter.core.explain.path import REACHABLE, UNDETERMINED
from exporter.core.findings.finding import Severity
from exporter.core.nat.drift import Subject, drift
from exporter.core.observation import Observation
from tests.support.builders import run
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


@pytest.mark.parametrize("kind", ["missing_masquerade", "forward_drop", "bridge_filtered"])
def test_a_critical_finding_about_what_containers_open_is_none_of_a_published_port(kind: str) -> None:
    """The port is walked by itself: a network without its way out may be published as before."""
    about = Subject(family="ip", chain="POSTROUTING", network="front")
    found = observation_of(OLD)
    planted = replace(found.network, evaluation=evaluation(drift(kind, "critical", about, "planted")))
    explained = explain(replace(found, network=planted), "8080")
    assert (explained.verdict, [note.kind for note in explained.findings]) == (REACHABLE, [kind])


@pytest.mark.parametrize(("web", "code"), [(2, "namespace_orphaned"), (1, "not_listening")])
def test_a_sharer_that_left_the_namespace_is_why_nothing_listens(web: int, code: str) -> None:
    """As of a sidecar whose owner was restarted: what serves the port runs on elsewhere."""
    sharer = replace(run("app", network="container:web-id"), network_owner="web-id")
    found = observation_of(OLD.with_inventory(sharer), inside=())
    assert found.network.context is not None
    context = replace(found.network.context, netns={"web-id": web, "app-id": 1})
    explained = explain(replace(found, network=replace(found.network, context=context)), "8080")
    [step] = [step for step in explained.paths[0].steps if step.name == "listener"]
    assert (step.state, step.code) == ("failed", code)
    assert (step.remedy == "Restart or recreate app.") is (web == 2)
