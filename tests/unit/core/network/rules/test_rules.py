"""All rules together: an ordinary host shows nothing, and what cannot be judged is not judged."""

from exporter.core.model.conntrack import ConntrackStats
from exporter.core.network.rules import NETWORK_KINDS, evaluate, judged, suspended
from tests.support.builders import device, network
from tests.support.scenes import DB, ETH0, FRONT, WEB, host, scene

FULL = ConntrackStats(entries=99, limit=100)
SMALL_MTU = (network("front", subnet="172.18.0.0/16", mtu=9000), WEB, DB)


def test_an_ordinary_host_shows_nothing() -> None:
    assert evaluate(scene(conntrack=ConntrackStats(10, 262144, 0, 0, 0))) == ()
    assert judged(scene()) == NETWORK_KINDS
    assert suspended(scene()) == ()


def test_every_kind_has_a_rule_of_its_own() -> None:
    assert len(set(NETWORK_KINDS)) == len(NETWORK_KINDS) == 11


def test_while_the_engine_is_away_only_what_the_kernel_alone_tells_is_judged() -> None:
    away = scene(*SMALL_MTU, connected=False, conntrack=FULL)
    assert suspended(away) == ("engine",)
    assert judged(away) == ("conntrack_full",)
    assert [finding.kind for finding in evaluate(away)] == ["conntrack_full"]
    assert [finding.kind for finding in evaluate(scene(*SMALL_MTU))] == ["mtu_mismatch"]


def test_in_a_namespace_without_the_engines_bridges_devices_and_routes_are_not_judged() -> None:
    elsewhere = scene(FRONT, WEB, on=host(ETH0))
    assert suspended(elsewhere) == ("host_network",)
    assert set(NETWORK_KINDS) - set(judged(elsewhere)) == {
        "mtu_mismatch",
        "subnet_overlap",
        "orphan_veth",
        "detached_veth",
        "bridge_full",
    }


def test_what_is_not_known_is_said_and_costs_its_own_rules_only() -> None:
    blind = scene(FRONT, routes=None, static_addresses=None)
    assert suspended(blind) == ("routes", "static_addresses")
    assert set(NETWORK_KINDS) - set(judged(blind)) == {"mtu_mismatch", "subnet_overlap", "static_address_in_range"}


def test_overlays_are_missed_only_where_there_are_some() -> None:
    overlay = network("ov", driver="overlay", subnet="10.77.0.0/24")
    assert suspended(scene(FRONT, overlay)) == ("overlays",)
    assert suspended(scene(FRONT, overlay, overlays={})) == ()
    assert suspended(scene(FRONT, on=host(device("br-front", 3)))) == ("host_network",)
