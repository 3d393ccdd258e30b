"""Containers that did not start for a networking reason."""

from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.model.container_details import Details
from exporter.core.model.docker import Container
from exporter.core.network.rules.start_blocked import check
from tests.support.builders import run, stop
from tests.support.findings import network_finding
from tests.support.scenes import DB, FRONT, WEB, scene

TAKEN = "failed to set up container networking: Address already in use"
PORT = (
    "driver failed programming external connectivity on endpoint web (abc): failed to bind host port for "
    "0.0.0.0:8080:172.17.0.2:80/tcp: address already in use"
)


def down(error: str, policy: str = "always", state: str = "exited", **more: Any) -> Container:
    stopped = replace(stop(run("api", network="front")), state=state, **more)
    return replace(stopped, details=Details(error=error, restart_policy=policy))


def severities(*things: Container) -> list[str]:
    return [finding.severity for finding in check(scene(FRONT, WEB, DB, *things))]


def test_the_engines_reason_is_the_finding(sentence: Any) -> None:
    found = list(check(scene(FRONT, down("network front not found"))))
    assert found == [network_finding("start_blocked", "critical", "", "api", sentence)]


def test_a_taken_static_address_names_who_has_it(sentence: Any) -> None:
    blocked = down(TAKEN, static_addresses=(("front", "172.18.0.2"),))
    [finding] = check(scene(FRONT, WEB, blocked))
    assert finding.detail == sentence
    assert "web" in finding.detail


@pytest.mark.parametrize("taken", ["172.18.0.2", "fd00:18::2"])
def test_of_a_static_address_of_each_family_the_one_that_is_taken_is_named(taken: str) -> None:
    both = (("front", "172.18.0.2"), ("front", "FD00:18:0::2"))
    web = run("web", network="front")
    field = "ip6_address" if ":" in taken else "ip_address"
    web = replace(web, endpoints=(replace(web.endpoints[0], **{field: taken}),))
    [finding] = check(scene(FRONT, web, down(TAKEN, static_addresses=both)))
    assert finding.detail.endswith(f": container web has {taken} on network front")


@pytest.mark.parametrize(
    ("policy", "state", "severity"),
    [
        ("always", "created", "critical"),
        ("on-failure", "exited", "critical"),
        ("no", "exited", "warning"),
        ("no", "created", "info"),
    ],
)
def test_a_restart_policy_makes_it_critical(policy: str, state: str, severity: str) -> None:
    assert severities(down("network front not found", policy, state)) == [severity]


def test_a_start_that_did_not_follow_the_creation_is_not_docker_runs() -> None:
    blocked = down("network front not found", "no", "created")
    waited = replace(blocked, details=Details(error="network front not found", waited=True))
    assert severities(waited) == ["warning"]


def test_other_errors_and_host_ports_are_other_kinds() -> None:
    assert severities(down("exec: not found")) == []
    assert severities(down(PORT)) == []
    assert severities(down("")) == []


def test_a_container_that_runs_has_no_error() -> None:
    alive = replace(run("api", network="front"), details=Details(error="network front not found"))
    assert severities(alive) == []
