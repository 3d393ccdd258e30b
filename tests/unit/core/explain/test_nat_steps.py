"""Docker's rules on the way to a container: DNAT and forwarding."""

from typing import Any

from exporter.core.explain.path import DNAT, FAILED, FORWARD, LISTENER, OK, UNKNOWN
from exporter.core.model.sockets import CONTAINER, Owner
from exporter.core.nat.redirects import Redirect
from exporter.core.nat.ruleset import Base
from exporter.core.nat.view import NatView
from tests.support.explained_hosts import EVERY_KIND, failures_of, steps_of
from tests.support.nat_hosts import OLD, Host

DNAT_RULE = "-p tcp --dport 8080 -j DNAT"


@EVERY_KIND
def test_a_missing_dnat_rule_and_what_follows_from_it(host: Host, sentence: Any) -> None:
    damaged = host.without(host.entry(), "-p tcp --dport 8080")
    assert failures_of(damaged) == [(DNAT, sentence)]
    assert failures_of(damaged, "8082") == []


@EVERY_KIND
def test_a_rule_that_leads_elsewhere(host: Host, sentence: Any) -> None:
    damaged = host.inserted(host.entry(), f"{DNAT_RULE} --to-destination 172.17.0.2:53")
    assert failures_of(damaged) == [(DNAT, sentence)]


def test_the_way_into_dockers_chains(sentence: Any) -> None:
    gone = OLD.without(OLD.prerouting(), "-m addrtype --dst-type LOCAL")
    assert failures_of(gone) == [(DNAT, sentence)]
    assert failures_of(gone, "8443") == [], "the loopback's packets do not come that way"
    before = OLD.inserted(OLD.prerouting(), "-p tcp --dport 8082 -j ACCEPT")
    assert failures_of(before, "8082") == [(DNAT, sentence)]
    assert failures_of(before) == [], "of another port it is nothing"


@EVERY_KIND
def test_a_firewall_that_drops_what_is_forwarded(host: Host, sentence: Any) -> None:
    damaged = host.inserted(host.forward(), "-j DROP")
    assert failures_of(damaged) == [(FORWARD, sentence)]


def test_forwarding_that_is_switched_off(sentence: Any) -> None:
    nat = NatView(reading=OLD.reading(forwarding={"ip": False, "ip6": True}), expected=OLD.expected())
    assert failures_of(OLD, nat=nat) == [(FORWARD, sentence)]


def test_a_rule_that_leads_a_port_away_that_nobody_publishes(sentence: Any) -> None:
    redirect = Redirect(4, "tcp", 7000, Owner(CONTAINER, "web", "web-id"), last_host_port=7009)
    nat = NatView(reading=OLD.reading(), expected=OLD.expected(), redirects=(redirect,))
    steps = steps_of(OLD, "7005", nat=nat)
    assert steps[DNAT] == (OK, sentence)
    assert steps[LISTENER][0] == UNKNOWN


def test_what_is_dropped_before_the_dnat_is_named_alone() -> None:
    before = Base("prerouting", "ACCEPT", "filter", -300)
    dropped = OLD.with_table(("ip", "raw", "PREROUTING"), before, "-p tcp --dport 8080 -j DROP")
    steps = steps_of(dropped)
    assert (DNAT in steps, steps[FORWARD][0]) == (False, FAILED)
    one_client = OLD.with_table(("ip", "raw", "PREROUTING"), before, "-s 198.51.100.7 -p tcp --dport 8080 -j DROP")
    assert steps_of(one_client)[DNAT][0] == OK
