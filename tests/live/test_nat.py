"""Rules counted and attributed on real engines, and connections summed over lives of rules and containers."""

import contextlib
import socket
from collections import Counter
from collections.abc import Iterator
from typing import Any

import docker
import pytest

from exporter.core.nat.ruleset import FAMILIES, GOTO, JUMP, Ruleset
from tests.support.live.hosts import of_iptables
from tests.support.live.listening import connect
from tests.support.live.nat_watched import NatWatched
from tests.support.live.port_cases import serves
from tests.support.live.saved_rules import saved
from tests.support.live.shop import IMAGE
from tests.support.private_host.engines import tool
from tests.support.private_host.host import PrivateHost
from tests.support.private_host.namespaces import netns
from tests.support.private_host.uplink import ADDRESS

SERVE = ["httpd", "-f", "-p", "80"]
BRIDGE = "com.docker.network.bridge."
TABLES = ("nat", "filter", "raw")


def counts(rules: Ruleset) -> Counter[tuple[str, str, str, str]]:
    """How many rules a chain has of each target."""
    return Counter(
        (*place, rule.to if rule.target in (JUMP, GOTO) else rule.target)
        for place, chain in rules.chains.items()
        if place[0] in FAMILIES and place[1] in TABLES
        for rule in chain
    )


def everything_saved(host: PrivateHost) -> Counter[tuple[str, str, str, str]]:
    return saved(host, "iptables-save", "ip", TABLES) + saved(host, "ip6tables-save", "ip6", TABLES)


def serve(host: PrivateHost, name: str, **options: Any) -> Any:
    """Run a container, and return when it serves port 80."""
    container = host.client().containers.run(IMAGE, SERVE, name=name, detach=True, **options)
    serves(host, name, 80)  # asking by a connection would be counted as one
    return container


@pytest.fixture
def nat(clean_host: PrivateHost) -> Iterator[NatWatched]:
    with NatWatched(clean_host) as watched:
        yield watched


@pytest.mark.parametrize("ports", [0, 10])
def test_as_many_rules_are_counted_as_iptables_save_tells(nat: NatWatched, ports: int) -> None:
    if ports:
        published = {f"{8000 + number}/tcp": 8000 + number for number in range(ports)}
        serve(nat.host, "many", ports=published)
    reading = nat.look().reading
    assert reading is not None
    assert reading.nft is not None
    assert counts(reading.nft) == everything_saved(nat.host)


@pytest.mark.parametrize("host", ["sid"], indirect=True)
def test_a_hundred_ports_that_docker_wrote_are_counted_as_they_are_saved(nat: NatWatched) -> None:
    serve(nat.host, "many", ports={f"{8000 + number}/tcp": 8000 + number for number in range(100)})
    reading = nat.look().reading
    assert reading is not None
    assert reading.nft is not None
    assert counts(reading.nft) == everything_saved(nat.host)


@pytest.mark.parametrize("host", ["bookworm"], indirect=True)
def test_a_thousand_ports_of_both_families_are_counted_as_they_are_saved(nat: NatWatched) -> None:
    """Docker would take half a minute to write them."""
    lines = {"ip": "172.17.0.2:80", "ip6": "[fd00::2]:80"}
    for family, target in lines.items():
        rules = "".join(
            f"-A DOCKER ! -i docker0 -p tcp -m tcp --dport {10000 + number} -j DNAT --to-destination {target}\n"
            for number in range(1000)
        )
        nat.host.run(f"{family}tables-restore", "-n", stdin=f"*nat\n:DOCKER - [0:0]\n{rules}COMMIT\n")
    try:
        reading = nat.look().reading
        assert reading is not None
        assert reading.nft is not None
        assert counts(reading.nft) == everything_saved(nat.host)
    finally:
        nat.run("iptables-save -t nat | grep -v 'dport 1[01]' | iptables-restore", "nft delete table ip6 nat")


def test_connections_are_summed_over_containers_that_come_and_go(nat: NatWatched) -> None:
    serve(nat.host, "web", ports={"80/tcp": 8080})
    for number in range(4):
        connect(nat.host, 8080, 5)
        serve(nat.host, "other", ports={"80/tcp": 8081 + number}).remove(force=True)
    nat.finds()
    assert nat.look().connections.counts["web", "tcp", "8080"] == 20


def test_connections_are_summed_over_restarts_of_the_container(nat: NatWatched) -> None:
    web = serve(nat.host, "web", ports={"80/tcp": 8080})
    connect(nat.host, 8080, 3)
    web.restart(timeout=0)
    serves(nat.host, "web", 80)
    nat.finds()
    connect(nat.host, 8080, 4)
    assert nat.look().connections.counts["web", "tcp", "8080"] == 7


def test_a_short_life_between_two_looks_is_counted(nat: NatWatched) -> None:
    """Its rule and its container are gone when the next scrape comes; the name is there again, so the series stays."""
    web = serve(nat.host, "web", ports={"80/tcp": 8080})
    nat.finds()
    connect(nat.host, 8080, 3)
    web.remove(force=True)
    serve(nat.host, "web", ports={"80/tcp": 8080})
    nat.finds()
    assert nat.look().connections.counts["web", "tcp", "8080"] == 3


def test_connections_that_leave_a_network_are_counted(nat: NatWatched) -> None:
    web = serve(nat.host, "web")
    nat.finds()
    before = nat.look().masquerades.counts["bridge",]
    for _ in range(3):
        web.exec_run(["sh", "-c", "echo | nc -w 1 192.0.2.1 9"])
    assert nat.look().masquerades.counts["bridge",] == before + 3


def test_rules_belong_to_their_network_and_their_container(nat: NatWatched) -> None:
    of_iptables(nat.host)
    serve(nat.host, "web", ports={"80/tcp": 8080})
    nat.finds()
    found = nat.look().counts
    assert found.networks["bridge", "MASQUERADE"] >= 1
    assert found.containers["web", "DNAT"] == 1
    assert found.rules["ip", "nat", "DOCKER", "DNAT"] == 1


@pytest.mark.parametrize("host", ["bookworm"], indirect=True)
def test_a_client_of_a_udp_port_that_is_stuck_with_the_host_is_told(nat: NatWatched) -> None:
    """It sent before the container was there, and goes on sending: 20.10 leaves its entry as it is."""
    serve(nat.host, "web", ports={"80/tcp": 8080})  # some rule, or the kernel tracks no connection
    with netns(nat.host.outside_pid), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.bind(("", 40001))
        client.sendto(b"x", (ADDRESS, 5353))
        serve(nat.host, "dns", ports={"53/udp": 5353})
        nat.finds()
        with contextlib.suppress(ConnectionRefusedError):  # the answer to the first datagram
            client.sendto(b"x", (ADDRESS, 5353))
        nat.source.update_udp_ports(frozenset({5353}))
        nat.source._flows.step()
        nat.finds(("stale_conntrack", "warning", "bridge", "dns", "5353"))


@pytest.mark.parametrize("host", ["sid"], indirect=True)
def test_what_the_filters_of_docker_drop_is_counted(nat: NatWatched) -> None:
    """28 refuses what is sent to a port that is not published, and what is sent to a container's address."""
    web = serve(nat.host, "web", ports={"80/tcp": 8080})
    nat.finds()
    web.reload()
    address = web.attrs["NetworkSettings"]["Networks"]["bridge"]["IPAddress"]
    before = nat.look().drops.counts["bridge", "direct_access"]
    nat.host.run("ip", "route", "replace", "172.17.0.0/16", "via", ADDRESS, outside=True)
    nat.host.run(str(tool("busybox")), "nc", "-w", "1", address, "80", outside=True, check=False)
    assert nat.look().drops.counts["bridge", "direct_access"] > before


def networks(host: PrivateHost) -> Iterator[Any]:
    """One network of each option that changes the rules."""
    client = host.client()
    pools = [docker.types.IPAMPool(subnet=subnet) for subnet in ("172.30.0.0/16", "fd00:30::/64")]
    yield client.networks.create("plain")
    yield client.networks.create("internal", internal=True)
    yield client.networks.create("six", enable_ipv6=True, ipam=docker.types.IPAMConfig(pool_configs=pools))
    options = {
        "untranslated": {f"{BRIDGE}enable_ip_masquerade": "false"},
        "separate": {f"{BRIDGE}enable_icc": "false"},
        "routed": {f"{BRIDGE}gateway_mode_ipv4": "routed"},
        "unprotected": {f"{BRIDGE}gateway_mode_ipv4": "nat-unprotected"},
        "chosen": {"com.docker.network.host_ipv4": ADDRESS},
    }
    for name, chosen in options.items():
        yield client.networks.create(name, options=chosen)


@pytest.mark.parametrize("flags", [(), ("--userland-proxy=false",)], ids=["proxy", "no-proxy"])
def test_a_host_with_every_network_option_shows_no_drift(clean_host: PrivateHost, flags: tuple[str, ...]) -> None:
    clean_host.kill()
    clean_host.start(flags)
    try:
        for number, network in enumerate(networks(clean_host)):
            ports = {"80/tcp": 8100 + number, "81/tcp": ("127.0.0.1", 8200 + number), "53/udp": 8300 + number}
            serve(clean_host, f"on-{network.name}", network=network.name, ports=ports)
        with NatWatched(clean_host) as watched:
            watched.finds()
    finally:
        for container in clean_host.client().containers.list(all=True):
            container.remove(force=True)
        clean_host.kill()
        clean_host.start()


@pytest.mark.parametrize("host", ["sid"], indirect=True)
def test_a_storm_of_containers_shows_no_drift(nat: NatWatched) -> None:
    """Seen every half second, with the ten seconds' grace as it is."""
    client = nat.host.client()
    for number in range(50):
        container = client.containers.run(
            IMAGE, SERVE, name=f"storm-{number}", detach=True, ports={"80/tcp": 8400 + number}
        )
        assert nat.look(0.5).evaluation.findings == ()
        container.remove(force=True)
        assert nat.look(0.5).evaluation.findings == ()
    nat.finds()
