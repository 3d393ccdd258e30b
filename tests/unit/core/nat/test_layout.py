"""Where an engine puts its rules."""

import pytest

from exporter.core.nat.layout import IPTABLES, NATIVE, layout_of
from exporter.core.nat.ruleset import Ruleset, is_dockers
from tests.support.nat_hosts import OLD, OWN_TABLES, Host, hosts


@pytest.mark.parametrize("host", hosts(), ids=str)
def test_the_layout_is_told_from_the_tables(host: Host) -> None:
    assert layout_of(host.rules) is host.layout


def test_of_an_engine_that_changed_sides_its_own_tables_count() -> None:
    assert layout_of(Ruleset({**OLD.rules.chains, **OWN_TABLES.rules.chains})) is NATIVE
    assert layout_of(Ruleset()) is IPTABLES


@pytest.mark.parametrize("host", hosts(), ids=str)
def test_what_nothing_works_without_is_there(host: Host) -> None:
    for family in host.families:
        assert set(host.layout.required(family)) <= host.rules.chains.keys()


@pytest.mark.parametrize(
    ("table", "chain", "dockers"),
    [
        ("nat", "DOCKER", True),
        ("filter", "DOCKER-USER", True),
        ("docker-bridges", "nat-PREROUTING", True),
        ("nat", "PREROUTING", False),
        ("filter", "MY-DOCKER", False),
        ("nat", "KUBE-SERVICES", False),
    ],
)
def test_a_chain_is_dockers_by_its_name_or_its_table(table: str, chain: str, dockers: bool) -> None:  # noqa: FBT001
    assert is_dockers(table, chain) is dockers
