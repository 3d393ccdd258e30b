"""Moments one after another: what is told when, and why nothing is."""

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from exporter.core.findings.evaluator import Evaluation
from exporter.core.findings.finding import Finding
from exporter.core.findings.rule import Input, Rule
from exporter.core.model.sockets import DOCKER_PROXY, HostSockets, Listener, ListeningSocket, Owner, ProxyUse
from exporter.core.nat.context import NatContext, StaleFlow
from exporter.core.nat.evaluator import foreign_targets, proxied
from exporter.core.nat.rules import HOLD_SECONDS, NAT_KINDS, NAT_RULES, isolation_lost
from exporter.core.nat.ruleset import Ruleset
from exporter.core.topology.topology import Topology, join
from tests.support.builders import network, run
from tests.support.nat_hosts import DEVICES, OLD, Host, proxies
from tests.support.nat_moments import LOST, Moments, every_host, kinds

# Beside the host's own, which makes more pairs than are walked.
THIRTY_NETWORKS = [
    thing
    for n in range(30)
    for thing in (
        network(f"n{n}", subnet=f"10.9.{n}.0/24", gateway=f"10.9.{n}.1"),
        run(f"c{n}", network=f"n{n}", ip=f"10.9.{n}.2"),
    )
]


@every_host
def test_an_ordinary_host_is_judged_and_nothing_is_found(host: Host) -> None:
    moments = Moments(host)
    for _ in range(3):
        found = moments.look(host.reading(), HOLD_SECONDS)
        assert found == Evaluation(evaluated=NAT_KINDS)


def test_every_kind_is_in_the_list_once() -> None:
    assert len(set(NAT_KINDS)) == len(NAT_RULES) == 15


def test_what_is_seen_once_is_pending_and_told_when_it_has_stood_for_ten_seconds() -> None:
    moments = Moments(OLD)
    reading = LOST.reading()
    assert (moments.look(reading).findings, moments.look(reading).pending) == ((), {"missing_jump": HOLD_SECONDS})
    assert kinds(moments.look(reading, HOLD_SECONDS - 0.1)) == []
    found = moments.look(reading, 0.1)
    assert (kinds(found), found.pending) == (["missing_jump"], {})


def test_one_look_is_never_enough() -> None:
    assert Moments(OLD).look(LOST.reading(), 1000.0).findings == ()


def test_what_is_gone_in_between_begins_anew() -> None:
    moments = Moments(OLD)
    for _ in range(5):
        assert kinds(moments.look(LOST.reading(), HOLD_SECONDS - 1)) == []
        assert kinds(moments.look(OLD.reading(), 1.0)) == []


def test_what_is_repaired_is_gone_at_once() -> None:
    moments = Moments(OLD)
    moments.look(LOST.reading())
    assert kinds(moments.look(LOST.reading(), HOLD_SECONDS)) == ["missing_jump"]
    assert kinds(moments.look(OLD.reading(), 0.1)) == []


def away(topology: Topology) -> Topology:
    """The engine does not answer."""
    return join(replace(topology.inventory, connected=False), DEVICES)


def test_while_the_engine_is_away_nothing_is_judged() -> None:
    moments = Moments(OLD)
    moments.look(LOST.reading())
    here, moments.topology = moments.topology, away(moments.topology)
    found = moments.look(LOST.reading(), HOLD_SECONDS)
    assert (found.findings, found.evaluated, found.missing) == ((), (), (Input.ENGINE,))
    moments.topology = here
    assert kinds(moments.look(LOST.reading(), 1.0)) == []


@pytest.mark.parametrize(
    ("evidence", "reason"), [({"reading": None}, "nat"), ({"host_netns_visible": False}, "host_network")]
)
def test_what_stood_before_a_pause_has_to_stand_again(evidence: dict[str, object], reason: str) -> None:
    """In between it may have been repaired, and broken anew by a restart of the engine."""
    moments = Moments(OLD)
    moments.look(LOST.reading())
    paused = moments.look(**{"reading": LOST.reading(), "later": HOLD_SECONDS, **evidence})  # type: ignore[arg-type]
    assert (paused.findings, paused.evaluated, paused.missing) == ((), (), (reason,))
    assert kinds(moments.look(LOST.reading(), 1.0)) == []
    assert kinds(moments.look(LOST.reading(), HOLD_SECONDS)) == ["missing_jump"]


def test_nothing_is_walked_while_nothing_changed() -> None:
    walks: list[NatContext] = []

    def check(scene: NatContext) -> Iterator[Finding]:
        walks.append(scene)
        return iter(())

    moments = Moments(OLD, (Rule("one", check),))
    reading = OLD.reading()
    for later in range(3):
        moments.look(replace(reading, packets=[later]), 1.0, sockets=proxies(("tcp", 8080)))
        assert len(walks) == 1
    for number, changed in enumerate(
        (
            {"reading": replace(reading, nft=Ruleset(reading.nft.chains))},  # type: ignore[union-attr]
            {"reading": replace(reading, forwarding={"ip": False})},
            {"reading": reading, "sockets": None},
            {"reading": reading, "stale": (StaleFlow("udp", 53, "nobody"),)},
        ),
        2,
    ):
        moments.look(**changed)  # type: ignore[arg-type]
        assert len(walks) == number
    moments.topology = join(replace(moments.topology.inventory, synced_at=1.0), DEVICES)
    moments.look(reading, stale=(StaleFlow("udp", 53, "nobody"),))
    assert len(walks) == 6


def test_docker_proxy_makes_it_a_warning() -> None:
    place = OLD.entry(), "-p tcp --dport 8080 -j DNAT"
    for sockets, severity in ((proxies(("tcp", 8080)), "warning"), (proxies(), "critical"), (None, "critical")):
        moments = Moments(OLD)
        moments.look(OLD.without(*place).reading(), sockets=sockets)
        found = moments.look(OLD.without(*place).reading(), HOLD_SECONDS, sockets=sockets)
        assert [drift.severity for drift in found.findings] == [severity]


def test_one_finding_is_told_once() -> None:
    """Docker lists a binding for every address; two that say the same are one."""
    moments = Moments(OLD)
    stale = (StaleFlow("udp", 53, "the host itself"),) * 2
    moments.look(OLD.reading(), stale=stale)
    assert kinds(moments.look(OLD.reading(), HOLD_SECONDS, stale=stale)) == ["stale_conntrack"]


def test_a_docker_proxy_that_is_stopped_or_of_another_engine_serves_no_port() -> None:
    def proxy(port: int, **owner: str) -> Listener:
        return Listener(ListeningSocket("tcp", "0.0.0.0", port), Owner(DOCKER_PROXY, **owner))

    held = HostSockets((proxy(80, name="web"), proxy(81, name="web"), proxy(82, foreign_target="172.30.0.2")))
    assert proxied(held) == {("tcp", 80), ("tcp", 81)}
    assert proxied(held, {"web": ProxyUse(2, stopped=frozenset({("tcp", 81)}))}) == {("tcp", 80)}
    assert foreign_targets(held) == {"172.30.0.2"}
    assert foreign_targets(None) == frozenset()


def test_isolation_that_was_not_compared_for_all_networks_is_suspended_and_still_found() -> None:
    def told(host: Host) -> tuple[bool, tuple[str, ...]]:
        found = Moments(host).look(host.reading(), HOLD_SECONDS)
        return isolation_lost.KIND in set(found.pending), tuple(found.not_evaluated.get(isolation_lost.KIND, ()))

    open_host = OLD.without(OLD.forward(), "-j DOCKER-ISOLATION-STAGE-1").inserted(OLD.forward(), "-j ACCEPT")
    assert told(open_host) == (True, ())
    assert told(open_host.with_inventory(*THIRTY_NETWORKS)) == (True, (Input.NETWORK_PAIRS,))
