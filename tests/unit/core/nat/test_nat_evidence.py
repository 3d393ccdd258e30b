"""When missing rules are a fault: only where it is known that the engine writes rules."""

import pytest

from exporter.core.findings.rule import Input
from exporter.core.nat.engine_options import EngineOptions
from exporter.core.nat.reading import IPTABLES_LEGACY, IPTABLES_NFT, NFTABLES, NatReading
from exporter.core.nat.rules import HOLD_SECONDS
from exporter.core.nat.ruleset import Ruleset
from exporter.core.topology.topology import join
from tests.support import nat_hosts
from tests.support.nat_hosts import DEVICES, NEW, OLD, OWN_TABLES, Host
from tests.support.nat_moments import LOST, NOTHING, Moments, every_host, kinds


@pytest.mark.parametrize("reading", [NatReading(), NatReading(nft=Ruleset()), NatReading(legacy=Ruleset())])
def test_an_engine_whose_rules_nobody_has_seen_may_write_none(reading: NatReading) -> None:
    moments = Moments(OLD)
    for _ in range(3):
        found = moments.look(reading, HOLD_SECONDS)
        assert (found.findings, found.missing, moments.evaluator.backend) == ((), (Input.RULE_SETTING,), "")


@every_host
def test_a_flush_before_the_start_is_found_where_the_engines_options_say_that_it_writes_rules(host: Host) -> None:
    moments = Moments(host)
    moments.look(NOTHING, options=EngineOptions())
    assert "missing_chain" in kinds(moments.look(NOTHING, HOLD_SECONDS, options=EngineOptions()))


def test_an_engine_that_says_it_writes_none_is_not_judged() -> None:
    moments = Moments(OLD)
    inventory = nat_hosts.host(*nat_hosts.NETWORKS, *nat_hosts.CONTAINERS, firewall_driver="none")
    moments.topology = join(inventory, DEVICES)
    for _ in range(3):
        found = moments.look(LOST.reading(), HOLD_SECONDS)
        assert (found.findings, found.missing) == ((), (Input.DOCKER_RULES,))


@every_host
def test_a_flush_of_everything_is_seen_by_who_has_seen_the_rules_before(host: Host) -> None:
    moments = Moments(host)
    moments.look(host.reading())
    moments.look(NOTHING, 1.0)
    found = moments.look(NOTHING, HOLD_SECONDS)
    assert {drift.kind for drift in found.findings} == {"missing_chain", "isolation_lost"}
    missing = {
        (drift.labels["family"], drift.labels["chain"]) for drift in found.findings if drift.kind == "missing_chain"
    }
    assert missing == {(family, place[2]) for family in host.families for place in host.layout.required(family)}


def test_a_family_that_was_seen_once_is_missed_when_it_is_flushed() -> None:
    moments = Moments(NEW)
    moments.look(NEW.reading())
    left = NEW.without_chain(*(place for place in NEW.rules.chains if place[0] == "ip6")).reading()
    moments.look(left, 1.0)
    found = moments.look(left, HOLD_SECONDS)
    assert {(drift.kind, drift.labels["family"]) for drift in found.findings} == {("missing_chain", "ip6")}


def test_a_family_that_was_never_seen_is_not_missed() -> None:
    """The engine runs with ip6tables off."""
    moments = Moments(NEW)
    left = NEW.without_chain(*(place for place in NEW.rules.chains if place[0] == "ip6")).reading()
    moments.look(left)
    assert moments.look(left, HOLD_SECONDS).findings == ()


def test_an_engine_that_became_an_older_one_is_judged_as_that() -> None:
    moments = Moments(NEW)
    moments.look(NEW.reading())
    moments.topology = OLD.topology()
    moments.look(OLD.reading(), 1.0)
    assert moments.look(OLD.reading(), HOLD_SECONDS).findings == ()


@pytest.mark.parametrize(
    ("reading", "backend"),
    [
        (OLD.reading(), IPTABLES_NFT),
        (NatReading(legacy=OLD.rules), IPTABLES_LEGACY),
        (OWN_TABLES.reading(), NFTABLES),
        (NatReading(nft=Ruleset(), legacy=OLD.rules), IPTABLES_LEGACY),
    ],
)
def test_the_backend_is_read_from_the_rules_and_stays_known(reading: NatReading, backend: str) -> None:
    moments = Moments(OLD)
    moments.look(reading)
    assert moments.evaluator.backend == backend
    moments.look(NOTHING, 1.0)
    assert moments.evaluator.backend == backend
    moments.look(None, 1.0)
    assert moments.evaluator.backend == backend


def test_whether_there_is_a_userland_proxy_is_read_from_the_jump_of_output() -> None:
    place = ("ip", "nat", "OUTPUT")
    moments = Moments(OLD)
    moments.look(NOTHING)
    assert moments.evaluator.userland_proxy == ""
    moments.look(OLD.reading())
    assert moments.evaluator.userland_proxy == "true"
    without = OLD.without(place).inserted(place, "-m addrtype --dst-type LOCAL -j DOCKER")
    moments.look(without.reading())
    assert moments.evaluator.userland_proxy == "false"
    moments.look(NOTHING)
    assert moments.evaluator.userland_proxy == "false"
    native = Moments(OWN_TABLES)
    native.look(OWN_TABLES.reading())
    assert native.evaluator.userland_proxy == "true"
