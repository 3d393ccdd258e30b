"""ufw 0.36.2 enabled beside Docker 29.7.2: rules as both wrote them."""

import pytest

from tests.support.engine29_findings import found
from tests.support.engine29_hosts import FOLDER, IP6_TABLES, mode_host
from tests.support.nat_hosts import Host
from tests.support.saved_rules import ruleset

PORTS = {"tcp/8100 of web", "tcp/8102 of six", "tcp/8103 of plain"}


def beside(name: str) -> Host:
    ip, ip6 = IP6_TABLES.split((FOLDER / f"{name}.save").read_text(), maxsplit=1)
    return mode_host("default").with_rules(ruleset(ip, ip6))


def test_its_default_deny_of_what_comes_in_and_is_routed_closes_nothing_of_dockers() -> None:
    assert found(beside("ufw")) == []


def test_what_ufw_docker_closes_is_meant() -> None:
    told = found(beside("ufw-docker"))
    assert {(one.kind, one.severity) for one in told} == {("forward_drop", "info")}
    assert {one.detail.removeprefix("packets to ").partition(" are ")[0] for one in told} == PORTS


@pytest.mark.parametrize("kind", ["missing_chain", "forward_drop"])
def test_managed_builtin_chains_cost_docker_its_rules(kind: str) -> None:
    """MANAGE_BUILTINS=yes: ufw flushes the chains of the table filter, with Docker's in them."""
    told = {(one.kind, one.severity, one.labels["family"]) for one in found(beside("ufw-builtins"))}
    assert {(kind, "critical", "ip"), (kind, "critical", "ip6")} <= told
