"""The name step: what a client gets for a name, and why it gets nothing."""

from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.model.docker import PODMAN, Container
from exporter.core.nat.ruleset import Ruleset
from exporter.core.reach.view import FILES, LISTENERS, RULES
from tests.support.builders import connect, network, run, stop
from tests.support.nat_hosts import NEW, OLD
from tests.support.port_hosts import details
from tests.support.reach_hosts import ReachHost
from tests.support.reach_namespaces import CLIENT, HOST

SHARER = replace(run("sharer", network="container:web-id"), details=None)
IN_HOST = connect(run("monitor", network="host"), "host")
OTHERS = (connect(run("lone", network="none"), "bridge", ip="172.17.0.9"), stop(run("dead", network="front")))

IMPOSTOR = replace(
    details(connect(run("impostor", network="none"), "front", ip="172.18.0.9"), hostname="bare"), network_mode="front"
)


def step(host: ReachHost, target: str = "web:80", source: str = "client") -> tuple[str, str]:
    """State and code of the name step of the first path, of the one that is not ok first."""
    found = [s for s in host.answer(target, source).paths[0].steps if s.name == "name"]
    worst = next((s for s in found if s.state != "ok"), found[0])
    return worst.state, worst.code


def hosts(text: str) -> ReachHost:
    return ReachHost().view("client", hosts=text)


def resolv(text: str, *things: Container, name: str = "client") -> ReachHost:
    return ReachHost(NEW, *things).view(name, resolv_conf=text)


NO_RULES = ReachHost().view("client", rulesets=(Ruleset(),))
DEAD_PORT = ReachHost().view("client", listeners=())
DNS_DROPPED = ReachHost().own_rules("client", ":OUTPUT ACCEPT\n-A OUTPUT -p udp --dport 53 -j DROP", "raw")
DNS_DROPPED_LATER = ReachHost().own_rules("client", ":INPUT DROP")
DNS_ANSWER_DROPPED = ReachHost().own_rules("client", ":OUTPUT ACCEPT\n-A OUTPUT -s 127.0.0.11 -j DROP")
LO_DOWN = ReachHost().device("client", "lo", up=False)
DNS_UNSURE = ReachHost().own_rules("client", ":OUTPUT ACCEPT\n-A OUTPUT -p udp -m u32 --u32 0 -j DROP")
SIDECAR = (
    ReachHost()
    .view("client", rulesets=())
    .own_rules("client", ":OUTPUT ACCEPT\n-A OUTPUT -p udp --dport 53 -j DNAT --to-destination 172.18.0.9:5353", "nat")
)
CASES: dict[str, tuple[ReachHost, str, tuple[str, str]]] = {
    "ordinary": (ReachHost(), "web:80", ("ok", "")),
    "by ID": (ReachHost(), "web-i:80", ("ok", "")),
    "NAME.NETWORK": (ReachHost(), "web.front:80", ("ok", "")),
    "hosts hides": (hosts("192.0.2.99 web\n"), "web:80", ("failed", "name_hidden")),
    "hosts hides in capitals": (hosts("192.0.2.99 WEB\n"), "web:80", ("failed", "name_hidden")),
    "hosts agrees": (hosts("172.18.0.2 web\n"), "web:80", ("ok", "")),
    "hosts has both": (hosts("172.18.0.2 web\n192.0.2.9 web\n"), "web:80", ("unknown", "name_uncertain")),
    "hosts has an outside name": (hosts("198.51.100.1 www.example\n"), "www.example", ("ok", "")),
    "overwritten": (resolv("nameserver 192.0.2.53\n"), "web:80", ("failed", "resolv_conf_changed")),
    "overwritten, outside name": (resolv("nameserver 192.0.2.53\n"), "www.example", ("unknown", "name_uncertain")),
    "second server": (resolv("nameserver 192.0.2.53\nnameserver 127.0.0.11\n"), "web", ("unknown", "name_uncertain")),
    "empty resolv.conf": (resolv(""), "web", ("failed", "resolv_conf_changed")),
    "no resolv.conf": (ReachHost().view("client", resolv_conf=None), "web", ("failed", "resolv_conf_changed")),
    "rules gone": (NO_RULES, "web:80", ("failed", "resolver_rules_missing")),
    "dead port": (DEAD_PORT, "web:80", ("failed", "resolver_down")),
    "dropped": (DNS_DROPPED, "web:80", ("failed", "container_rule")),
    "dropped at the input": (DNS_DROPPED_LATER, "web:80", ("failed", "container_rule")),
    "answer dropped": (DNS_ANSWER_DROPPED, "web:80", ("failed", "container_rule")),
    "lo down": (LO_DOWN, "web:80", ("failed", "device_down")),
    "translated elsewhere": (SIDECAR, "web:80", ("unknown", "name_uncertain")),
    "no common network": (ReachHost(), "bare:80", ("failed", "no_common_network")),
    "dead": (ReachHost(NEW, *OTHERS), "dead:80", ("failed", "container_down")),
    "not by that name": (ReachHost(NEW, SHARER), "sharer:80", ("failed", "name_not_found")),
    "outside": (ReachHost(), "www.example", ("unknown", "name_uncertain")),
    "no upstream": (
        resolv("nameserver 127.0.0.11\n# ExtServers: []\n"),
        "www.example",
        ("failed", "no_upstream"),
    ),
    "upstream with a zone": (
        resolv("nameserver 127.0.0.11\n# ExtServers: [host(fe80::1%eth0)]\n"),
        "www.example",
        ("unknown", "name_uncertain"),
    ),
    "searched": (resolv("nameserver 127.0.0.11\nsearch front\n"), "web:80", ("ok", "")),
    "searched elsewhere": (resolv("nameserver 127.0.0.11\nsearch example\n"), "web:80", ("unknown", "name_uncertain")),
    "as it is first": (
        resolv("nameserver 127.0.0.11\nsearch example\noptions ndots:0\n"),
        "web:80",
        ("ok", ""),
    ),
    "dns option": (
        resolv("nameserver 127.0.0.11\n# ExtServers: []\n", details(CLIENT, dns=("192.0.2.53",))),
        "www.example",
        ("unknown", "name_uncertain"),
    ),
}


@pytest.mark.parametrize(("host", "target", "expected"), CASES.values(), ids=CASES)
def test_the_step_of_a_name(host: ReachHost, target: str, expected: tuple[str, str], sentence: Any) -> None:
    assert step(host, target) == expected
    assert host.answer(target).paths[0].steps[0].detail == sentence
    remedies = {one.remedy for one in host.answer(target).paths[0].steps[:1] if one.remedy}
    assert all(remedy == sentence for remedy in remedies)


def test_a_rule_inside_that_is_not_understood_leaves_the_name_unknown() -> None:
    found = [s.code for s in DNS_UNSURE.answer("web:80").paths[0].steps if s.name == "name" and s.state != "ok"]
    assert found == ["rule_not_understood"]


@pytest.mark.parametrize(
    ("host", "target", "source", "expected"),
    [
        (ReachHost(), "web:80", "dns", ("failed", "default_network")),
        (ReachHost(NEW, IN_HOST), "web:80", "monitor", ("failed", "default_network")),
        (resolv("nameserver 8.8.8.8\n", name="dns"), "www.example", "dns", ("unknown", "name_uncertain")),
        (ReachHost(NEW, *OTHERS), "lone", "client", ("failed", "no_common_network")),
        (
            ReachHost(NEW, *OTHERS).view("dns", resolv_conf="nameserver 127.0.0.11\n"),
            "lone",
            "dns",
            ("failed", "resolver_rules_missing"),
        ),
        (ReachHost(NEW, IN_HOST), "monitor", "client", ("failed", "no_common_network")),
        (ReachHost(), "www.example", "db", ("failed", "no_upstream")),
        (ReachHost(OLD), "www.example", "db", ("unknown", "name_uncertain")),
    ],
    ids=["default", "host mode", "8.8.8.8", "bridge", "left behind", "to host mode", "internal", "internal, old"],
)
def test_the_step_by_the_kind_of_network(
    host: ReachHost, target: str, source: str, expected: tuple[str, str], sentence: Any
) -> None:
    assert step(host, target, source) == expected
    found = host.answer(target, source).paths[0].steps[0]
    assert (found.detail, found.remedy) == (sentence, sentence)


def test_where_a_container_in_host_mode_has_127_0_0_11_it_is_the_hosts_own_server() -> None:
    host = resolv("nameserver 127.0.0.11\n", IN_HOST, name="monitor")
    assert step(host, "web:80", "monitor") == ("failed", "default_network")


def test_a_name_that_another_container_has_as_alias_is_hidden(sentence: Any) -> None:
    on_both = connect(CLIENT, "open", ip="172.21.0.9", gateway="172.21.0.1")
    host = ReachHost(NEW, IMPOSTOR, on_both)
    assert step(host, "bare:80") == ("failed", "name_hidden")
    assert host.answer("bare:80").paths[0].steps[0].detail == sentence


def test_an_alias_is_not_hidden_by_a_container_of_that_name_on_another_network(sentence: Any) -> None:
    """Two projects use one name: the program gets the address of its own project's service."""
    for host in (ReachHost(NEW, IMPOSTOR), ReachHost().view("client", hosts="172.18.0.9 bare\n")):
        path = host.answer("bare:80").paths[0]
        assert (path.target.address, path.steps[0].state, path.steps[0].detail) == ("172.18.0.9", "ok", sentence)


@pytest.mark.parametrize("alias", ["größe", "it's", "a@b"])
def test_an_alias_with_other_letters_than_those_of_dns_is_not_found(alias: str, sentence: Any) -> None:
    host = ReachHost(NEW, replace(details(IMPOSTOR, hostname=alias), network_mode="front"))
    [found] = host.path(f"{alias}:80").steps
    assert (found.state, found.code, found.detail, found.remedy) == ("unknown", "name_uncertain", sentence, sentence)


@pytest.mark.parametrize(
    ("name", "state"), [("2024", "unknown"), ("0x7f", "unknown"), ("1.2", "unknown"), ("web2", "ok")]
)
def test_a_name_that_c_libraries_take_for_an_address_is_unknown(name: str, state: str, sentence: Any) -> None:
    host = ReachHost(NEW, connect(run(name, network="none"), "front", ip="172.18.0.9"))
    assert step(host, f"{name}:80")[0] == state
    assert host.answer(f"{name}:80").paths[0].steps[0].detail == sentence


def test_a_number_that_no_container_has_as_its_name_was_perhaps_meant_as_a_port() -> None:
    [found] = ReachHost().path("8080").steps
    assert (found.state, found.code) == ("unknown", "name_uncertain")
    assert found.remedy == "For a port write `NAME:8080`, or `dockernet-exporter explain 8080` for one of this host."
    assert "NAME:" not in ReachHost().path("www:80").steps[0].remedy


def test_containers_on_the_default_bridge_have_no_names_beside_another_network(sentence: Any) -> None:
    both = connect(CLIENT, "bridge", ip="172.17.0.8", gateway="172.17.0.1")
    [found] = [s for s in ReachHost(NEW, both).answer("dns:53/udp").paths[0].steps if s.name == "name"]
    assert (found.state, found.code, found.detail, found.remedy) == ("failed", "default_network", sentence, sentence)


def test_the_name_of_the_host_in_docker_desktop_has_a_remedy(sentence: Any) -> None:
    [found] = ReachHost().path("host.docker.internal:80").steps
    assert (found.state, found.detail, found.remedy) == ("unknown", sentence, sentence)


def test_an_alias_on_another_network_is_named() -> None:
    away = connect(run("away", network="none"), "back", ip="172.19.0.9")
    host = ReachHost(NEW, replace(details(away, hostname="www"), network_mode="back"))
    assert step(host, "www:80") == ("unknown", "no_common_network")
    assert "away on network back" in host.answer("www:80").paths[0].steps[0].detail
    assert step(host, "www.back:80") == ("unknown", "no_common_network")
    assert step(host, "www.open:80") == ("unknown", "name_uncertain")


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_the_engines_dns_server_is_a_target(protocol: str, sentence: Any) -> None:
    """Its socket belongs to the engine, and a rule translates port 53 to it."""
    target = f"127.0.0.11:53/{protocol}"
    [_, served] = ReachHost().path(target).steps
    assert (served.state, served.detail) == ("ok", sentence)
    assert NO_RULES.faults(target) == [("name", "failed", "resolver_rules_missing")]
    other = "tcp" if protocol == "udp" else "udp"
    half = ReachHost().view("client", listeners=[f"127.0.0.11:41053/{other}"])
    assert half.faults(target) == [("name", "failed", "resolver_down")]
    assert ReachHost(NEW, *OTHERS).faults(target, "lone") == [("listener", "failed", "not_listening")]


def test_a_server_in_host_mode_has_the_address_that_hosts_gives_it() -> None:
    host = ReachHost(NEW, IN_HOST).view("client", hosts="172.17.0.1 monitor\n")
    assert step(host, "monitor:22") == ("ok", "")
    shared = ReachHost(NEW, SHARER).view("client", hosts="192.0.2.9 sharer\n")
    assert step(shared, "sharer:80") == ("failed", "name_hidden")


def test_a_service_of_a_swarm_is_not_evaluated() -> None:
    client = connect(replace(CLIENT, network_mode="front"), "wide", ip="10.0.9.2")
    host = ReachHost(NEW, client, network("wide", driver="overlay"))
    assert step(host, "service") == ("unknown", "name_uncertain")


def test_an_address_has_no_name_step() -> None:
    assert [s for s in ReachHost().path("172.18.0.2:80").steps if s.name == "name"] == []


@pytest.mark.parametrize("part", [FILES, RULES, LISTENERS])
def test_what_could_not_be_read_is_unknown_with_the_privilege(part: str) -> None:
    host = ReachHost().unread("client", part, "CAP_GRANTED")
    [found] = [s for s in host.answer("web:80").paths[0].steps if s.name == "name" and s.state != "ok"]
    assert (found.state, found.code) == ("unknown", "privilege_missing")
    assert "CAP_GRANTED" in found.detail


def test_files_of_a_container_in_host_mode_that_could_not_be_read_are_unknown() -> None:
    host = ReachHost(NEW, IN_HOST).unread("monitor", FILES)
    assert step(host, "web:80", "monitor") == ("unknown", "privilege_missing")
    assert HOST in host.visits


@pytest.mark.parametrize(
    ("text", "target", "expected"),
    [
        ("", "web:80", ("ok", "")),
        ("nameserver 10.89.0.1\n", "web:80", ("unknown", "name_uncertain")),
        ("nameserver 10.89.0.1\n", "www.example", ("unknown", "name_uncertain")),
    ],
)
def test_podmans_name_servers_are_not_dockers(text: str, target: str, expected: tuple[str, str]) -> None:
    """aardvark-dns has the address of the gateway, and the default network the host's servers."""
    host = resolv(text).view("client", hosts="" if text else "172.18.0.2 web\n")
    host.engine_version, host.product = "4.3.1", PODMAN
    assert step(host, target) == expected
