"""`explain` and `check` agree: what one of them says of a host, the other says too."""

import re
from pathlib import Path

import pytest

from exporter.core.explain.codes import CODES
from exporter.core.explain.explain import explain
from exporter.core.explain.path import FAILED, REACHABLE, UNREACHABLE, Explanation
from exporter.core.findings.finding import INFO, Finding
from exporter.core.observation import Observation
from tests.support.planted_hosts import Planted, planted

DOCUMENT = Path(__file__).parents[4] / "docs/explain.md"
ROW = re.compile(r"^- `(\w+)`: .+\.$", re.MULTILINE)
# Findings about all published ports; the other findings name a container or a network.
OF_ALL_PORTS = frozenset({"missing_chain", "missing_jump", "unreachable_jump", "forwarding_off"})
every_host = pytest.mark.parametrize("case", planted(), ids=str)


def without_warning() -> set[str]:
    """The codes that the document names with a reason."""
    return set(ROW.findall(DOCUMENT.read_text().partition("## Unreachable without a warning")[2]))


def findings(observation: Observation) -> list[Finding]:
    return [found for evaluation in observation.evaluations.values() for found in evaluation.findings]


def concerned(observation: Observation, found: Finding) -> set[str]:
    """The containers that a finding is about: those that it names, else those of its network."""
    inventory = observation.topology.inventory
    names = {container.name for container in inventory.containers.values()}
    named = names & set(found.labels.values())
    if found.kind in OF_ALL_PORTS and not found.labels["network"] and observation.nat:
        return {binding.container for binding in observation.nat.expected.bindings}
    attached = {
        container.name
        for container in inventory.containers.values()
        if container.live and found.labels.get("network") in {endpoint.network for endpoint in container.endpoints}
    }
    return named or attached


def says(explained: Explanation, found: Finding) -> bool:
    """Whether a finding is among those of an explanation, or is the fault of one of its steps."""
    steps = [step for path in explained.paths for step in path.steps]
    return any((note.kind, note.detail) == (found.kind, found.detail) for note in explained.findings) or any(
        found.kind in CODES[step.code].kinds for step in steps if step.code
    )


@every_host
def test_a_finding_about_a_container_or_its_network_is_in_its_explanation(case: Planted) -> None:
    observation = case.observation()
    missing = [
        (found.kind, name)
        for found in findings(observation)
        for name in concerned(observation, found)
        if not says(explain(observation, name), found)
    ]
    assert not missing


@every_host
def test_what_is_unreachable_is_a_finding_or_has_a_reason_not_to_be_one(case: Planted) -> None:
    observation = case.observation()
    told = {found.kind for found in findings(observation) if found.severity != INFO}
    silent = [
        (container.name, path.port, codes)
        for container in observation.topology.inventory.containers.values()
        for path in explain(observation, container.name).paths
        if path.verdict == UNREACHABLE
        and (codes := {step.code for step in path.steps if step.state == FAILED})
        and told.isdisjoint(kind for code in codes for kind in CODES[code].kinds)
        and codes.isdisjoint(without_warning())
    ]
    assert not silent


def test_the_document_names_codes() -> None:
    assert without_warning() <= CODES.keys()
    assert without_warning()


@every_host
def test_a_fault_is_found_or_explained(case: Planted) -> None:
    """The hosts are those that they say."""
    observation = case.observation()
    containers = observation.topology.inventory.containers.values()
    verdicts = {explain(observation, container.name).verdict for container in containers if container.live}
    quiet = not findings(observation) and verdicts == {REACHABLE}
    assert quiet is (case.name == "nothing wrong")
