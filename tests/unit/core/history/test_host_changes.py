"""Changes in the kernel and among the findings, each once, with what was before and what is after."""

from ipaddress import ip_network

import pytest
from msgspec.structs import replace

from exporter.core.findings.evaluator import Evaluation
from exporter.core.history.change import Change
from exporter.core.history.detector import ChangeDetector
from exporter.core.history.devices import GONE_SECONDS
from exporter.core.history.docker_rules import SUBJECT
from exporter.core.model.sockets import DOCKER_PROXY, HostSockets, Listener, ListeningSocket, Owner
from exporter.core.nat.reading import NatReading
from exporter.core.nat.ruleset import IIF, UNEQUAL, Condition, Rule, Ruleset
from exporter.core.network.result import NetworkResult
from exporter.core.observation import Observation
from tests.support.builders import bridge, device, devices, rename
from tests.support.changing_hosts import NOW, docker, host, host_changes, route, seen, web
from tests.support.findings import evaluation, network_finding

DOCKER = docker(web(), networks=("front",))
BOTH = docker(web(), networks=("front", "back"))
DEFAULT = ip_network("0.0.0.0/0")
QUIET = seen(DOCKER, host())
VIA_1, VIA_2 = route(DEFAULT, gateway="192.0.2.1"), route(DEFAULT, gateway="192.0.2.2")
EMPTY = Ruleset()
DNAT = Rule("ip", "nat", "DOCKER", "DNAT", address="172.18.0.2", port=80)
JUMP = Rule("ip", "nat", "PREROUTING", "JUMP", "DOCKER")
MASQUERADE = Rule("ip", "nat", "POSTROUTING", "MASQUERADE", conditions=(Condition("oif", UNEQUAL, "br-front"),))
FOREIGN = Rule("ip", "filter", "INPUT", "DROP", conditions=(Condition(IIF, "==", "eth0"),))


def told(changes: list[Change]) -> list[tuple[str, str, str, str]]:
    return [(change.kind, change.subject, change.before, change.after) for change in changes]


def rules(*found: Rule) -> Ruleset:
    chains: dict[tuple[str, str, str], tuple[Rule, ...]] = {}
    for rule in found:
        chains[rule.place] = (*chains.get(rule.place, ()), rule)
    return Ruleset(chains)


def nat(ruleset: Ruleset | None, *writers: str, legacy: Ruleset | None = None) -> Observation:
    return seen(DOCKER, host(), NatReading(nft=ruleset, legacy=legacy, writers=writers))


def listening(*ports: int, owner: Owner | None = None) -> Observation:
    held = owner or Owner(DOCKER_PROXY, "web")
    found = tuple(Listener(ListeningSocket("tcp", "0.0.0.0", port), held) for port in ports)
    return replace(QUIET, sockets=HostSockets(found))


def with_routes(*routes: object) -> Observation:
    return seen(DOCKER, host(routes=routes))  # type: ignore[arg-type]


def with_findings(found: Evaluation) -> Observation:
    return replace(QUIET, network=NetworkResult(found))


MISSING = network_finding("bridge_down", "critical", "front", "br-front", "the bridge is down")
STATE = "up, 192.0.2.10, mtu 1500"


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        (QUIET, seen(DOCKER, host(up=False)), [("uplink_changed", "eth0", STATE, "down, 192.0.2.10, mtu 1500")]),
        (QUIET, seen(DOCKER, host(address="192.0.2.11")),
         [("uplink_changed", "eth0", STATE, "up, 192.0.2.11, mtu 1500")]),
        (QUIET, seen(DOCKER, replace(host(), uplinks=())),
         [("uplink_changed", "eth0", STATE, "no route out of the host")]),
        (QUIET, seen(DOCKER, host(bridge_up=False)),
         [("bridge_changed", "br-front", "up, 172.18.0.1, mtu 1500", "down, 172.18.0.1, mtu 1500")]),
        (with_routes(VIA_1), with_routes(VIA_2),
         [("route_changed", "0.0.0.0/0", "via 192.0.2.1 dev eth0", "via 192.0.2.2 dev eth0")]),
        (with_routes(VIA_1), with_routes(), [("route_changed", "0.0.0.0/0", "via 192.0.2.1 dev eth0", "")]),
        (nat(rules(DNAT, JUMP, MASQUERADE, FOREIGN)), nat(rules(FOREIGN)),
         [("rules_removed", SUBJECT, "3 rules", "0 rules")]),
        (nat(None), nat(rules(DNAT)), [("rules_added", SUBJECT, "0 rules", "1 rules")]),
        (nat(None, legacy=rules(DNAT)), nat(None), [("rules_removed", SUBJECT, "1 rules", "0 rules")]),
        (listening(80), listening(80, 443), [("listener_opened", "web", "", "tcp 0.0.0.0:443")]),
        (listening(80, 443), listening(), [("listener_closed", "web", "tcp 0.0.0.0:80, tcp 0.0.0.0:443", "")]),
        (with_findings(evaluation(kinds=("bridge_down",))), with_findings(evaluation(MISSING, kinds=("bridge_down",))),
         [("finding_began", "br-front", "", "critical")]),
        (with_findings(evaluation(kinds=("bridge_down",))), with_findings(evaluation(kinds=("bridge_down",))), []),
    ],
)  # fmt: skip
def test_a_change_is_listed_once(
    before: Observation, after: Observation, changes: list[tuple[str, str, str, str]]
) -> None:
    assert told(host_changes(before, before, after, after, replace(after))) == changes


def test_a_finding_that_is_there_at_the_start_begins_then_and_ends_once_with_its_duration() -> None:
    began = with_findings(evaluation(MISSING, kinds=("bridge_down",)))
    suspended = with_findings(evaluation(kinds=(), missing=("engine",)))
    ended = with_findings(evaluation(kinds=("bridge_down",)))
    changes = host_changes(began, suspended, replace(began), ended, ended)
    assert [(c.kind, c.finding, c.network, c.time, c.seconds) for c in changes] == [
        ("finding_began", "bridge_down", "front", NOW, None),
        ("finding_ended", "bridge_down", "front", NOW + 180, 180.0),
    ]


def test_rules_name_their_chains_and_the_process_that_changed_them() -> None:
    (change,) = host_changes(nat(rules(DNAT, JUMP)), nat(rules(), "nft", "iptables"))
    assert (change.detail, change.by) == ("ip nat DOCKER: 1, ip nat PREROUTING: 1", "nft, iptables")


def test_rules_that_are_replaced_by_others_both_went_and_came() -> None:
    changes = host_changes(nat(rules(DNAT)), nat(rules(replace(DNAT, address="172.18.0.3"))))
    assert [change.kind for change in changes] == ["rules_removed", "rules_added"]


@pytest.mark.parametrize(
    "after", [nat(rules(DNAT)), seen(DOCKER, host()), nat(rules(DNAT, FOREIGN))], ids=["same", "unread", "foreign"]
)
def test_rules_that_are_not_dockers_or_written_again_or_not_read_are_no_change(after: Observation) -> None:
    assert host_changes(nat(rules(DNAT)), after, nat(rules(DNAT))) == []


def test_a_bridge_that_is_gone_and_returns_while_its_network_exists() -> None:
    without = devices(device("eth0", 2), uplinks=("eth0",))
    eth0 = replace(without, addresses=host().addresses)
    lost, up = seen(DOCKER, eth0), "up, 172.18.0.1, mtu 1500"
    # Another bridge is there: the namespace is visible.
    kernel = devices(device("eth0", 2), bridge("br-back", 9), addresses=host().addresses, uplinks=("eth0",))
    both = replace(host(), links={**host().links, 9: bridge("br-back", 9)})
    changes = host_changes(*(seen(BOTH, what) for what in (both, kernel)), *2 * [seen(BOTH, kernel)], seen(BOTH, both))
    assert told(changes) == [("bridge_changed", "br-front", up, "gone"), ("bridge_changed", "br-front", "gone", up)]
    assert [change.time for change in changes] == [NOW + 60, NOW + 240]  # when each was first seen
    assert host_changes(QUIET, lost, QUIET) == []  # not visible


@pytest.mark.parametrize("seconds", [4.9, 5.0])
def test_a_bridge_that_is_gone_a_moment_before_its_network_goes_with_it(seconds: float) -> None:
    detector = ChangeDetector()
    detector.update_inventory(BOTH, NOW)
    without = seen(
        BOTH, devices(device("eth0", 2), bridge("br-back", 9), addresses=host().addresses, uplinks=("eth0",))
    )
    detector.observe(seen(BOTH, replace(host(), links={**host().links, 9: bridge("br-back", 9)})), NOW)
    changes = detector.observe(without, NOW) + detector.observe(without, NOW + seconds)
    removed = docker(web(), networks=("back",))
    changes += detector.update_inventory(removed, NOW + 6) + detector.observe(seen(removed, host()), NOW + 6)
    kinds = ["network_removed"] if seconds < GONE_SECONDS else ["bridge_changed", "network_removed"]
    assert [change.kind for change in changes] == kinds


def test_a_bridge_with_a_route_to_a_gateway_is_listed_as_a_bridge_only() -> None:
    routed, down = (replace(host(bridge_up=up), uplinks=("eth0", "br-front")) for up in (True, False))
    changes = host_changes(QUIET, seen(DOCKER, routed), seen(DOCKER, down), QUIET)
    assert [change.kind for change in changes] == ["bridge_changed", "bridge_changed"]


def test_a_network_with_its_bridge_and_route_is_none_of_these() -> None:
    alone = seen(docker(networks=()), devices(device("eth0", 2), uplinks=("eth0",), addresses=host().addresses))
    subnet = route(ip_network("172.18.0.0/16"), ifindex=3)
    made = seen(docker(networks=("front",)), host(routes=(subnet,)))
    alone = seen(alone.topology.inventory, replace(alone.topology.devices, routes=()))
    assert host_changes(alone, made, alone) == []


def test_a_listener_whose_owner_is_not_known_for_a_moment_stays() -> None:
    assert host_changes(listening(80), listening(80, owner=Owner()), listening(80)) == []


def test_listeners_of_processes_are_not_listed() -> None:
    assert host_changes(listening(), listening(22, owner=Owner(name="sshd"))) == []


def test_nothing_is_compared_before_the_engine_was_read() -> None:
    unread = replace(DOCKER, synced_at=0.0, connected=False)
    assert host_changes(seen(unread, host()), seen(unread, host(up=False))) == []


def test_a_table_of_routes_that_is_replaced_is_at_most_a_hundred_and_one_entries() -> None:
    many = tuple(route(ip_network(f"10.{a}.{b}.0/24"), gateway="192.0.2.1") for a in range(2) for b in range(200))
    changes = host_changes(with_routes(), with_routes(*many))
    assert (len(changes), changes[-1].subject) == (101, "300 more destinations")


def test_a_listener_of_a_container_that_was_renamed_has_its_present_name() -> None:
    held = listening(80, owner=Owner(DOCKER_PROXY, "web", "web-id"))
    renamed = seen(docker(rename(web(), "shop"), networks=("front",)), host())
    (change,) = host_changes(held, replace(renamed, sockets=HostSockets()))
    assert (change.kind, change.container, change.container_id) == ("listener_closed", "shop", "web-id")
