"""All rules together: an ordinary host shows nothing, and kinds without their inputs are not evaluated."""

from exporter.core.findings.evaluator import Evaluation, Evaluator
from exporter.core.findings.rule import Input
from exporter.core.network.context import ConntrackContext, NetworkContext
from exporter.core.network.rules import CONNECTION_RULES, CONNTRACK_RULES, NETWORK_KINDS, NETWORK_RULES
from tests.support.builders import device, network
from tests.support.scenes import DB, ETH0, FRONT, WEB, host, scene

SMALL_MTU = (network("front", subnet="172.18.0.0/16", mtu=9000), WEB, DB)


def evaluated(context: NetworkContext) -> Evaluation:
    return Evaluator(NETWORK_RULES).evaluate(context, context.missing(), 0.0)


def not_evaluated(context: NetworkContext) -> set[str]:
    return set(evaluated(context).not_evaluated)


def test_an_ordinary_host_shows_nothing() -> None:
    kinds = tuple(rule.kind for rule in NETWORK_RULES)
    assert evaluated(scene()) == Evaluation(evaluated=kinds)


def test_every_kind_has_a_rule_of_its_own() -> None:
    rules = (*NETWORK_RULES, *CONNTRACK_RULES, *CONNECTION_RULES)
    assert len(set(NETWORK_KINDS)) == len(NETWORK_KINDS) == len(rules)


def test_conditions_of_a_moment_must_hold() -> None:
    """Devices change in steps, lists of the engine are a minute old, veths linger after a live-restore."""
    assert {rule.kind: rule.hold for rule in NETWORK_RULES if rule.hold} == {
        "duplicate_address": 10.0,
        "orphan_veth": 180.0,
        "bridge_down": 5.0,
        "detached_veth": 2.0,
        "ghost_endpoint": 90.0,
        "route_lost": 5.0,
        "namespace_orphaned": 10.0,
        "overlay_peer_missing": 90.0,
    }


def test_without_the_engine_only_kinds_of_the_kernel_are_evaluated() -> None:
    away = evaluated(scene(*SMALL_MTU, connected=False))
    assert (away.missing, away.evaluated, away.findings) == ((Input.ENGINE,), (), ())
    assert [finding.kind for finding in evaluated(scene(*SMALL_MTU)).findings] == ["mtu_mismatch"]
    table = Evaluator(CONNTRACK_RULES).evaluate(ConntrackContext(), frozenset(), 0.0)
    assert table == Evaluation(evaluated=("conntrack_full",))


def test_in_a_namespace_without_the_engines_bridges_devices_and_routes_are_not_evaluated() -> None:
    elsewhere = scene(FRONT, WEB, on=host(ETH0))
    assert evaluated(elsewhere).missing == (Input.HOST_NETWORK,)
    assert not_evaluated(elsewhere) == {
        "mtu_mismatch",
        "subnet_overlap",
        "orphan_veth",
        "bridge_down",
        "detached_veth",
        "bridge_full",
        "route_lost",
    }


def test_an_unknown_input_suspends_its_own_rules_only() -> None:
    blind = scene(FRONT, routes=None, static_addresses=None)
    assert evaluated(blind).missing == (Input.ROUTES, Input.STATIC_ADDRESSES)
    assert not_evaluated(blind) == {"mtu_mismatch", "subnet_overlap", "static_address_in_range"}


def test_overlays_are_missed_only_where_there_are_some() -> None:
    overlay = network("ov", driver="overlay", subnet="10.77.0.0/24")
    assert scene(FRONT, overlay).missing() == {Input.OVERLAYS}
    assert scene(FRONT, overlay, overlays={}).missing() == frozenset()
    assert scene(FRONT, on=host(device("br-front", 3))).missing() == {Input.HOST_NETWORK}
