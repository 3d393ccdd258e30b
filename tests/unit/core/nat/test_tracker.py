"""Everything of NAT at one moment after another."""

import pytest
from msgspec.structs import replace

from exporter.core.model.docker import Container
from exporter.core.nat.flows import Flows
from exporter.core.nat.reading import Counted, Ended, NatReading, merged
from exporter.core.nat.ruleset import Rule, Ruleset
from exporter.core.nat.tracker import NatTracker
from exporter.core.nat.view import NatSample, NatView
from exporter.core.topology.topology import join
from tests.support.builders import rename, stop
from tests.support.nat_hosts import DEVICES, NETWORKS, OLD, WEB, Host, host
from tests.support.saved_rules import rule

TO_WEB = rule(OLD.entry(), "! -i br-front -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.18.0.2:80")
WEB_8080 = ("web", "tcp", "8080")


class Moments:
    """A tracker that is shown one host after another, a second apart."""

    def __init__(self) -> None:
        self.tracker = NatTracker()
        self.now = 0.0

    def show(self, seen: Host, sample: NatSample, *, here: bool = True) -> NatView:
        """Show a host."""
        self.now += 1
        topology = seen.topology()
        self.tracker.update_inventory(topology.inventory)
        topology = replace(topology, host_netns_visible=here)
        return self.tracker.observe(topology, sample, None, self.now, self.now)


def hit(packets: int, *ended: Ended) -> NatSample:
    """The rules of 20.10, of which the one of port 8080 has so many packets."""
    counted = Counted((1,), (TO_WEB,))
    return NatSample(NatReading(nft=OLD.rules, counted=counted, packets=[packets], ended=ended))


def with_containers(*containers: Container) -> Host:
    return replace(OLD, inventory=host(*NETWORKS, *containers, version="20.10.24"))


def test_a_moment_is_counted_summed_and_judged() -> None:
    view = Moments().show(OLD, hit(5))
    assert view.connections.counts == {WEB_8080: 5}
    assert view.connections.created == {WEB_8080: 1.0}
    assert view.counts.rules["ip", "nat", "DOCKER", "DNAT"] == 5
    assert view.evaluation.missing == ()
    assert view.reading is not None
    assert view.flows is None


def test_what_could_not_be_read_keeps_its_sums_for_later() -> None:
    moments = Moments()
    moments.show(OLD, hit(5))
    blind = moments.show(OLD, NatSample())
    assert (blind.reading, blind.counts.rules, blind.evaluation.missing) == (None, {}, ("nat",))
    assert moments.show(OLD, hit(7)).connections.counts == {WEB_8080: 7}


def test_rules_of_another_network_namespace_are_none_of_dockers() -> None:
    view = Moments().show(OLD, replace(hit(5), flows=Flows()), here=False)
    assert (view.reading, view.flows, view.connections.counts) == (None, None, {})
    assert view.evaluation.missing == ("host_network", "nat")


def test_a_container_that_stops_keeps_its_connections() -> None:
    moments = Moments()
    moments.show(OLD, hit(5))
    ended = Ended(1, TO_WEB, 8)
    gone = NatSample(NatReading(nft=OLD.rules, ended=(ended,)))
    assert moments.show(with_containers(stop(WEB)), gone).connections.counts == {WEB_8080: 8}


def test_one_that_is_removed_is_forgotten_with_its_rule() -> None:
    moments = Moments()
    moments.show(OLD, hit(5))
    assert moments.show(with_containers(), hit(6)).connections.counts == {WEB_8080: 6}
    ended = NatSample(NatReading(nft=OLD.rules, ended=(Ended(1, TO_WEB, 8),)))
    assert moments.show(with_containers(), ended).connections.counts == {WEB_8080: 8}
    assert moments.show(with_containers(), NatSample(NatReading(nft=OLD.rules))).connections.counts == {}


def test_while_the_engine_is_away_nothing_is_forgotten() -> None:
    moments = Moments()
    moments.show(OLD, hit(5))
    gone = replace(with_containers(), inventory=replace(with_containers().inventory, connected=False))
    for _ in range(2):
        view = moments.show(gone, NatSample(NatReading(nft=OLD.rules, ended=(Ended(1, TO_WEB, 8),))))
        assert view.connections.counts.keys() == {WEB_8080}


def test_one_that_gets_another_name_counts_on_under_it() -> None:
    moments = Moments()
    moments.show(OLD, hit(5))
    renamed = with_containers(rename(WEB, "shop"))
    assert moments.show(renamed, hit(7)).connections.counts == {("shop", "tcp", "8080"): 2}


def test_a_life_that_ended_before_it_was_inspected_is_attributed_when_it_is() -> None:
    moments = Moments()
    short = NatSample(NatReading(nft=OLD.rules, ended=(Ended(9, TO_WEB, 3),)))
    assert moments.show(with_containers(), short).connections.counts == {}
    moments.tracker.update_inventory(with_containers(WEB).inventory)
    stopped = with_containers(stop(WEB))
    assert moments.show(stopped, NatSample(NatReading(nft=OLD.rules))).connections.counts == {WEB_8080: 3}


def test_what_did_not_change_is_the_same_object() -> None:
    tracker, topology = NatTracker(), OLD.topology()
    flows = Flows()
    first, second = (
        tracker.observe(topology, replace(hit(packets), flows=flows), None, 1.0, 1.0) for packets in (1, 2)
    )
    assert second.counts is first.counts
    assert second.flows is first.flows
    assert second.redirects is first.redirects
    other = join(replace(topology.inventory, synced_at=9.0), DEVICES)
    third = tracker.observe(other, replace(hit(3), flows=flows), None, 1.0, 1.0)
    assert third.counts is not first.counts
    assert third.flows is not first.flows


@pytest.mark.parametrize(
    ("reading", "rules"),
    [
        (NatReading(nft=Ruleset(), legacy=OLD.rules), 5),
        (NatReading(nft=OLD.rules, legacy=Ruleset()), 5),
        (NatReading(legacy=Ruleset()), None),
    ],
)
def test_the_rules_of_the_side_that_docker_writes_are_counted(reading: NatReading, rules: int | None) -> None:
    found = Moments().show(OLD, NatSample(reading)).counts.rules
    assert found.get(("ip", "nat", "DOCKER", "DNAT")) == rules


def test_ends_that_say_the_same_are_put_together_but_for_those_that_somebody_knows() -> None:
    other = Rule(*OLD.entry(), "RETURN")
    ended = [Ended(1, TO_WEB, 5), Ended(2, TO_WEB, 3), Ended(3, TO_WEB, 4), Ended(4, other, 0), Ended(1, TO_WEB, 1)]
    known, late, summed = merged(ended, {1})
    assert (known, late) == (ended[0], ended[4])
    assert (summed.rule, summed.packets) == (TO_WEB, 7)


def test_put_together_they_count_as_much() -> None:
    """As when nobody has scraped for a day."""
    ends = [Ended(number, TO_WEB, number % 3) for number in range(1, 50)]
    sums = []
    for told in (ends, merged(ends, {1})):
        moments = Moments()
        moments.show(OLD, hit(1))
        sums.append(moments.show(OLD, NatSample(NatReading(nft=OLD.rules, ended=tuple(told)))).connections.counts)
    assert sums[0] == sums[1] == {WEB_8080: sum(end.packets for end in ends)}
