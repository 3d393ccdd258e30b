"""Judging ports one moment after another: what must stand, what is remembered, and what costs nothing."""

import time
from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.findings.evaluator import Evaluation
from exporter.core.findings.rule import Input
from exporter.core.model.container_details import LogEvidence
from exporter.core.model.docker import Container
from exporter.core.ports.context import PortReadings
from exporter.core.ports.evaluator import PortEvaluator
from exporter.core.ports.result import PortResult
from exporter.core.ports.rules import HOLD_SECONDS, PORT_KINDS
from exporter.core.topology.topology import join
from tests.support.builders import inventory
from tests.support.port_hosts import (
    DEVICES,
    NETWORKS,
    NOW,
    container,
    details,
    down,
    process,
    proxy,
    publishes,
    readings,
    runs,
)

WEB = publishes("web", "8080:80")
SERVED: dict[str, Any] = {"inside": {"web": ("0.0.0.0:80",)}}
ORDINARY = readings(proxy("web", 8080), **SERVED)
STOLEN = readings(process("nginx", "[::]:8080"), **SERVED)


class Host:
    """A host that is judged at moments of the test's own."""

    def __init__(self) -> None:
        self.evaluator = PortEvaluator()
        self.now(WEB)

    def now(self, *containers: Container, connected: bool = True) -> None:
        """From now on there are these containers."""
        self.topology = join(inventory(*NETWORKS, *containers, connected=connected), DEVICES)

    def look(self, clock: float, on: PortReadings = ORDINARY) -> PortResult:
        """Judge it so many seconds after the first look."""
        return self.evaluator.evaluate(self.topology, on, NOW + clock, clock)

    def kinds(self, clock: float, on: PortReadings = ORDINARY) -> set[str]:
        """What is found then."""
        return {found.kind for found in self.look(clock, on).evaluation.findings}


def test_an_ordinary_host_shows_nothing_and_every_kind_is_judged() -> None:
    assert Host().look(0.0) == PortResult(Evaluation(evaluated=PORT_KINDS))
    assert len(set(PORT_KINDS)) == 17


def test_what_looks_like_a_fault_is_pending_until_it_has_stood() -> None:
    host = Host()
    assert host.kinds(0.0, STOLEN) == set()
    assert host.look(0.0, STOLEN).evaluation.pending == {"published_stolen": HOLD_SECONDS}
    assert host.kinds(HOLD_SECONDS - 0.1, STOLEN) == set()
    assert host.kinds(HOLD_SECONDS, STOLEN) == {"published_stolen"}
    assert host.look(HOLD_SECONDS, STOLEN).evaluation.pending == {}
    assert host.look(HOLD_SECONDS + 1, ORDINARY).evaluation == Evaluation(evaluated=PORT_KINDS)


def test_what_was_away_begins_anew() -> None:
    host = Host()
    host.look(0.0, STOLEN)
    host.look(5.0, ORDINARY)
    assert host.kinds(11.0, STOLEN) == set()


def test_the_same_look_of_two_lives_is_not_one_that_stood() -> None:
    """A container that restarts again and again is seen between the two readings again and again."""
    host = Host()
    host.look(0.0, STOLEN)
    host.now(details(WEB, started=NOW + 5))
    assert host.kinds(11.0, STOLEN) == set()


def test_what_the_engine_says_itself_need_not_stand() -> None:
    host = Host()
    host.now(down("web2", "8080:80", error="Bind for 0.0.0.0:8080 failed: port is already allocated"))
    assert host.kinds(0.0) == {"start_failed"}


def test_while_nothing_changes_the_judgement_is_the_same_object() -> None:
    host = Host()
    assert host.look(0.0) is host.look(1.0)
    host.look(2.0, STOLEN)
    assert host.look(20.0, STOLEN) is host.look(21.0, STOLEN)


def test_time_alone_makes_a_container_old_enough_to_be_judged() -> None:
    host = Host()
    host.now(details(WEB, started=NOW))
    empty = readings(proxy("web", 8080), inside={"web": ()})
    assert (host.kinds(59.0, empty), host.kinds(60.0, empty), host.kinds(70.0, empty)) == (set(), set(), {"unserved"})


def test_a_last_life_stops_to_count_by_time_alone() -> None:
    host = Host()
    again = runs("top", network="host", log=LogEvidence(1, (8080,)), restart_count=1, started=NOW)
    host.now(WEB, again)
    assert (host.kinds(599.0), host.kinds(600.0)) == ({"host_bind_failed"}, set())


def test_a_port_that_a_container_of_that_name_has_held_is_remembered_as_its_own() -> None:
    host = Host()
    host.now(runs("top", network="host"))
    host.look(0.0, readings(container("top", "0.0.0.0:9000")))
    died = down("top", network="host", exit_code=1, log=LogEvidence(1, (9000,)))
    host.now(replace(died, id="second-id"))
    [found] = host.look(1.0, readings(process("nginx", "0.0.0.0:9000"))).evaluation.findings
    assert (found.kind, found.confidence) == ("host_bind_failed", "probable")


@pytest.mark.parametrize(
    ("lacking", "reason", "kinds"),
    [
        (
            {"sockets": None},
            ("sockets",),
            {
                *("host_bind_failed", "published_stolen", "published_unheld", "shadowed_by_dnat", "reuseport_shared"),
                *("family_split", "ephemeral_holder", "latent", "ephemeral_overlap"),
            },
        ),
        ({"complete": False}, ("socket_owners",), {"published_stolen"}),
        (
            {"namespaces": None},
            ("namespace_sockets",),
            {"namespace_bind_failed", "unserved", "loopback_only", "wrong_protocol"},
        ),
        ({"redirects": None}, ("nat",), {"shadowed_by_dnat"}),
        ({"reserved": None}, ("reserved_ports",), {"ephemeral_overlap"}),
    ],
)
def test_what_is_not_read_is_said_and_costs_its_own_kinds_only(
    lacking: dict[str, Any], reason: tuple[str, ...], kinds: set[str]
) -> None:
    found = Host().look(0.0, readings(**lacking)).evaluation
    assert found.missing == reason
    assert set(found.not_evaluated) == kinds


def test_while_the_engine_is_away_only_what_the_kernel_alone_tells_is_judged() -> None:
    host = Host()
    host.now(WEB, connected=False)
    found = host.look(0.0, STOLEN).evaluation
    assert (found.missing, found.evaluated) == ((Input.ENGINE,), ("reuseport_shared", "family_split"))
    assert host.kinds(60.0, STOLEN) == set()


def test_in_another_network_namespace_no_listener_is_the_hosts() -> None:
    host = Host()
    host.topology = join(host.topology.inventory, replace(DEVICES, links={}))
    found = host.look(0.0, STOLEN).evaluation
    assert found.missing == (Input.HOST_NETWORK,)
    assert "start_failed" in found.evaluated
    assert "reuseport_shared" in found.not_evaluated


def test_who_else_uses_a_port_is_asked_for_failed_binds_that_no_listener_explains() -> None:
    host = Host()
    failed = down("web2", "9000:80", error="listen tcp4 0.0.0.0:9000: bind: address already in use")
    host.now(WEB, failed, down("top", network="host", exit_code=1, log=LogEvidence(1, (8080,)), exposed=(("udp", 53),)))
    assert host.look(0.0).needed_lookups == {("tcp", 9000)}
    assert host.look(0.0, readings(process("nginx", "0.0.0.0:9000"))).needed_lookups == {("tcp", 8080)}
    assert host.look(0.0, readings(sockets=None)).needed_lookups == frozenset()


def test_a_thousand_containers_that_do_not_change_cost_nothing() -> None:
    """A host of that size is judged anew in some ten milliseconds."""
    host = Host()
    published = [publishes(f"c{number}", f"{number + 1000}:80") for number in range(200)]
    host.now(*published, *[runs(f"q{number}") for number in range(800)], down("old", "1000:80"))
    many = readings(*[proxy(container.name, number + 1000) for number, container in enumerate(published)])
    host.look(0.0, many)
    assert host.kinds(20.0, many) == {"latent"}
    assert min(_seconds(host, 20.0 + number, many) for number in range(20)) < 0.001


def _seconds(host: Host, clock: float, on: PortReadings) -> float:
    started = time.perf_counter()
    host.look(clock, on)
    return time.perf_counter() - started
