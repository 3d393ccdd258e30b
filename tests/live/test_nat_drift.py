"""Each kind of NAT drift, planted in the rules of a real engine: found, named, and gone when it is repaired."""

from collections.abc import Iterator

import pytest

from tests.support.live.hosts import clear, of_iptables
from tests.support.live.nat_watched import Found, NatWatched
from tests.support.live.shop import IMAGE
from tests.support.private_host.host import PrivateHost

DNAT = "DOCKER -p tcp --dport 8080 -j DNAT --to-destination"
JUMP = "PREROUTING -m addrtype --dst-type LOCAL -j DOCKER"
SERVE = ["httpd", "-f", "-p", "80"]


@pytest.fixture(scope="module")
def nat(host: PrivateHost) -> Iterator[NatWatched]:
    """Two networks and two published containers; rules that every test puts back."""
    of_iptables(host)
    clear(host)
    client = host.client()
    client.networks.create("front")
    client.containers.run(IMAGE, SERVE, name="web", detach=True, ports={"80/tcp": 8080})
    client.containers.run(IMAGE, SERVE, name="api", detach=True, network="front", ports={"80/tcp": 8081})
    with NatWatched(host) as watched:
        watched.finds()
        yield watched
    clear(host)


@pytest.fixture
def damaged(nat: NatWatched) -> Iterator[NatWatched]:
    """Rules to damage; afterwards they are as they were, and nothing is found."""
    saved = nat.host.run("iptables-save").stdout
    yield nat
    nat.host.run("iptables-restore", stdin=saved)
    nat.run("sysctl -qw net.ipv4.ip_forward=1")
    nat.finds()


def address(nat: NatWatched, name: str) -> str:
    """A container's first address."""
    networks = nat.host.client().containers.get(name).attrs["NetworkSettings"]["Networks"]
    return str(next(iter(networks.values()))["IPAddress"])


WEB: Found = ("missing_dnat", "critical", "bridge", "web", "8080")


def test_one_dnat_rule_deleted(damaged: NatWatched) -> None:
    damaged.run("iptables-save -t nat | grep -- '--dport 8080 .*DNAT' | sed s/-A/-D/ | xargs iptables -t nat")
    damaged.finds(WEB)


def test_a_missing_dnat_rule_is_a_warning_while_docker_proxy_holds_the_port(damaged: NatWatched) -> None:
    damaged.proxied = (("tcp", 8080),)
    try:
        damaged.run("iptables-save -t nat | grep -- '--dport 8080 .*DNAT' | sed s/-A/-D/ | xargs iptables -t nat")
        damaged.finds(("missing_dnat", "warning", "bridge", "web", "8080"))
    finally:
        damaged.proxied = ()


def test_a_rule_to_another_container_first_is_wrong(damaged: NatWatched) -> None:
    damaged.run(f"iptables -t nat -I {DNAT} {address(damaged, 'api')}:80")
    damaged.finds(("wrong_dnat", "critical", "bridge", "web", "8080"))


def test_a_foreign_rule_before_the_jump_is_wrong(damaged: NatWatched) -> None:
    damaged.run(f"iptables -t nat -I {DNAT.replace('DOCKER', 'PREROUTING')} 192.0.2.9:80")
    found = damaged.found()
    assert ("wrong_dnat", "critical", "bridge", "web", "8080") in found
    assert {kind for kind, *_ in found} <= {"wrong_dnat", "forward_drop"}, "forward drops what no port accepts"


def test_a_rule_to_nobody_for_a_port_that_nobody_publishes_is_stale(damaged: NatWatched) -> None:
    damaged.run("iptables -t nat -A DOCKER -p tcp --dport 9999 -j DNAT --to-destination 172.17.0.99:80")
    damaged.finds(("stale_dnat", "warning", "", "", "9999"))


def test_the_same_rule_twice_is_a_duplicate(damaged: NatWatched) -> None:
    damaged.run("iptables-save -t nat | grep -- '--dport 8080 .*DNAT' | xargs iptables -t nat")
    damaged.finds(("duplicate_dnat", "warning", "bridge", "web", "8080"))


def test_the_jump_of_prerouting_deleted(damaged: NatWatched) -> None:
    damaged.run(f"iptables -t nat -D {JUMP}")
    (drift,) = damaged.drifts()
    assert (drift.kind, drift.severity, drift.labels["chain"]) == ("missing_jump", "critical", "PREROUTING")


def test_the_jump_of_output_deleted(damaged: NatWatched) -> None:
    damaged.run("iptables-save -t nat | grep -- '-A OUTPUT' | sed s/-A/-D/ | xargs iptables -t nat")
    (drift,) = damaged.drifts()
    assert (drift.kind, drift.severity, drift.labels["chain"]) == ("missing_jump", "warning", "OUTPUT")


def test_everything_accepted_before_the_jump(damaged: NatWatched) -> None:
    damaged.run("iptables -t nat -I PREROUTING -j ACCEPT")
    (drift,) = damaged.drifts()
    assert (drift.kind, drift.severity, drift.labels["chain"]) == ("unreachable_jump", "critical", "PREROUTING")


def test_a_network_without_masquerade(damaged: NatWatched) -> None:
    damaged.run("iptables -t nat -D POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE")
    found = damaged.found()
    assert ("missing_masquerade", "critical", "bridge", "", "") in found
    assert {kind for kind, *_ in found} <= {"missing_masquerade", "forward_drop"}, "28 drops the answers in raw"


def test_anybodys_masquerade_will_do(damaged: NatWatched) -> None:
    damaged.run(
        "iptables -t nat -D POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE",
        "iptables -t nat -A POSTROUTING -s 172.16.0.0/12 -j MASQUERADE",
    )
    damaged.finds()


def test_the_policy_drop_alone_is_normal(damaged: NatWatched) -> None:
    damaged.run("iptables -P FORWARD DROP")
    damaged.finds()


def test_forward_flushed_under_the_policy_drop(damaged: NatWatched) -> None:
    damaged.run("iptables -P FORWARD DROP", "iptables -F FORWARD")
    found = damaged.found()
    assert found >= {
        ("forward_drop", "critical", "bridge", "", ""),
        ("forward_drop", "critical", "front", "", ""),
        ("forward_drop", "critical", "bridge", "web", "8080"),
        ("forward_drop", "critical", "front", "api", "8081"),
    }
    assert {kind for kind, *_ in found} == {"forward_drop", "missing_jump"}


def test_forward_flushed_under_the_policy_accept_loses_the_isolation(damaged: NatWatched) -> None:
    damaged.run("iptables -P FORWARD ACCEPT", "iptables -F FORWARD")
    kinds = {kind for kind, *_ in damaged.found()}
    assert "missing_jump" in kinds
    assert kinds <= {"isolation_lost", "missing_jump"}, "28 keeps networks apart by the raw table alone"


def test_a_jump_to_docker_user_behind_dockers_own_rules(damaged: NatWatched) -> None:
    """As 20.10 writes it at a reload of firewalld."""
    damaged.run("iptables -I DOCKER-USER -p tcp --dport 80 -j DROP")
    assert {(kind, severity) for kind, severity, *_ in damaged.found()} == {("forward_drop", "info")}
    damaged.run("iptables -D FORWARD -j DOCKER-USER", "iptables -A FORWARD -j DOCKER-USER")
    damaged.finds(("user_rules_bypassed", "warning", "", "", ""))


def test_a_base_chain_of_another_table_drops(damaged: NatWatched) -> None:
    damaged.run(
        "nft add table inet strange",
        "nft add chain inet strange f '{ type filter hook forward priority 10; policy drop; }'",
    )
    try:
        assert {kind for kind, *_ in damaged.found()} == {"forward_drop"}
    finally:
        damaged.run("nft delete table inet strange")


def test_a_table_that_drops_only_some_clients_is_the_operators_choice(damaged: NatWatched) -> None:
    damaged.run(
        "nft add table inet strange",
        "nft add chain inet strange f '{ type filter hook forward priority 10; policy accept; }'",
        "nft add rule inet strange f iifname eth9 drop",
        "nft add rule inet strange f ip saddr 198.51.100.0/24 drop",
        "nft add rule inet strange f ct state invalid drop",
    )
    try:
        damaged.finds()
    finally:
        damaged.run("nft delete table inet strange")


def test_forwarding_switched_off(damaged: NatWatched) -> None:
    damaged.run("sysctl -qw net.ipv4.ip_forward=0")
    damaged.finds(("forwarding_off", "critical", "", "", ""))


def test_a_flush_of_the_nat_table(damaged: NatWatched) -> None:
    damaged.run("iptables -t nat -F")
    kinds = {(kind, network, container) for kind, _, network, container, _ in damaged.found() if kind != "forward_drop"}
    assert kinds == {
        ("missing_jump", "", ""),
        ("missing_dnat", "bridge", "web"),
        ("missing_dnat", "front", "api"),
        ("missing_masquerade", "bridge", ""),
        ("missing_masquerade", "front", ""),
    }


def test_the_nat_table_deleted(damaged: NatWatched) -> None:
    damaged.run("nft delete table ip nat")
    chains = {drift.labels["chain"] for drift in damaged.drifts() if drift.kind == "missing_chain"}
    assert chains == {"DOCKER", "PREROUTING", "OUTPUT", "POSTROUTING"}
    assert {drift.kind for drift in damaged.drifts()} <= {"missing_chain", "forward_drop"}


def test_an_operators_rules_are_counted_and_no_drift(damaged: NatWatched) -> None:
    before = damaged.look().counts.user["ip"]
    damaged.run("iptables -I DOCKER-USER -s 198.51.100.0/24 -j DROP", "iptables -I DOCKER-USER -i eth9 -j DROP")
    damaged.finds()
    assert damaged.look().counts.user["ip"] == before + 2


def test_what_stands_for_less_than_ten_seconds_is_not_told(damaged: NatWatched) -> None:
    damaged.run(f"iptables -t nat -D {JUMP}")
    damaged.look()
    assert damaged.look(9.0).evaluation.findings == ()
    assert damaged.look(1.0).evaluation.findings != ()
