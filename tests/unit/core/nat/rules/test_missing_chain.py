"""Chains that are gone."""

from typing import Any

import pytest

from exporter.core.nat.reading import NFTABLES, NatReading
from exporter.core.nat.rules.missing_chain import KIND, check
from exporter.core.nat.ruleset import Ruleset
from tests.support.nat_hosts import BOTH_FAMILIES, NEW, OLD, OWN_TABLES, Host, about, drift, hosts, subject

every_host = pytest.mark.parametrize("host", hosts(), ids=str)


@every_host
def test_an_ordinary_host_shows_none(host: Host) -> None:
    assert list(check(host.scene())) == []


@every_host
def test_each_chain_without_which_nothing_works_is_told(host: Host, sentence: Any) -> None:
    for place in host.layout.required("ip"):
        chain = place[-1]
        damaged = host.without_chain(place)
        families = host.families
        assert list(check(damaged.scene(families=families))) == [
            drift(KIND, "critical", subject(chain=chain), sentence)
        ]


@pytest.mark.parametrize("host", BOTH_FAMILIES, ids=str)
def test_the_families_are_kept_apart(host: Host) -> None:
    damaged = host.without_chain(host.prerouting("ip6"))
    assert [about(found) for found in check(damaged.scene())] == [subject(family="ip6", chain=host.layout.prerouting)]


def test_postrouting_is_made_with_the_first_network_that_is_translated() -> None:
    none = OLD.without_chain(("ip", "nat", "POSTROUTING"))
    networks = [n for n in OLD.inventory.networks.values() if n.name not in ("quiet", "back")]
    assert len(list(check(none.scene()))) == 1
    untranslated = none.without_things(*networks)
    assert list(check(untranslated.scene())) == []


def test_of_a_family_that_the_engine_does_not_write_none_is_missed() -> None:
    without_ip6 = NEW.without_chain(*(place for place in NEW.rules.chains if place[0] == "ip6"))
    assert list(check(without_ip6.scene())) == []
    assert {found.labels["family"] for found in check(without_ip6.scene(families=NEW.families))} == {"ip6"}


@pytest.mark.parametrize("rules", [None, Ruleset()])
def test_after_a_flush_of_everything_the_chains_of_its_own_backend_are_missed(rules: Ruleset | None) -> None:
    """Nothing is left that would tell which it is."""
    flushed = OWN_TABLES.scene(reading=NatReading(nft=rules), families=OWN_TABLES.families, backend=NFTABLES)
    assert {found.labels["chain"] for found in check(flushed)} == {
        place[2] for place in OWN_TABLES.layout.required("ip")
    }
    other = OLD.scene(reading=NatReading(nft=rules), families=OLD.families)
    assert {found.labels["chain"] for found in check(other)} == {place[2] for place in OLD.layout.required("ip")}
