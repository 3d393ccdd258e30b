"""The way from a port of the host to who serves it, and each place where it may break."""

from dataclasses import replace
from typing import Any

import pytest

from exporter.core.explain.explain import explain
from exporter.core.explain.merged_paths import merged
from exporter.core.explain.path import (
    DNAT,
    FAILED,
    FORWARD,
    HOST,
    LINK,
    LISTENER,
    OK,
    PUBLISHED,
    REACHABLE,
    ROUTE,
    UNDETERMINED,
    UNKNOWN,
    UNREACHABLE,
    Path,
    Step,
)
from exporter.core.findings.finding import Severity
from exporter.core.model.device_filters import DeviceFilter
from exporter.core.model.docker import Container
from exporter.core.model.fib import NO_LOOKUPS, FibReading, RouteResult
from exporter.core.model.inventory import with_container as with_inspected
from exporter.core.model.ipsec import IpsecPolicy
from exporter.core.model.sockets import CONTAINER, HostSockets, Listener, Owner, ProxyUse
from exporter.core.nat.redirects import Redirect
from exporter.core.nat.view import NatView
from exporter.core.network.context import network_context
from exporter.core.network.result import NetworkResult
from exporter.core.observation import Observation
from exporter.core.ports.result import PortResult
from exporter.core.topology.overlay import NO_OVERLAYS
from exporter.core.topology.route_queries import container_routes
from exporter.core.topology.topology import join
from tests.support.builders import observed, run, stop
from tests.support.findings import evaluation, network_finding, port_conflict
from tests.support.nat_hosts import BOTH_FAMILIES, NEW, OLD, OWN_TABLES, WEB, Host
from tests.support.port_hosts import binding, container, details, process, proxy, socket
from tests.support.scenes import fib

HELD = (*proxy("web", 8080, 8082, 8443), *proxy("dns", 53, protocol="udp"), *proxy("bare", 8083))
SERVED = ("0.0.0.0:80", "[::]:80", "0.0.0.0:81", "0.0.0.0:443")
DNAT_RULE = "-p tcp --dport 8080 -j DNAT"
EVERY_KIND = pytest.mark.parametrize("host", [OLD, NEW, OWN_TABLES], ids=str)


def seen(host: Host, *listeners: Listener, inside: tuple[str, ...] = SERVED, **more: Any) -> Observation:
    """The host with docker-proxies, unless others listen, and what listens inside web."""
    nat = NatView(reading=host.reading(), expected=host.expected(), redirects=())
    topology = host.topology()
    lookups = container_routes(topology)
    context = network_context(topology, NO_OVERLAYS, lookups, fib(lookups))
    known: dict[str, Any] = {
        "nat": nat,
        "network": NetworkResult(context=context),
        "sockets": HostSockets(listeners or HELD),
        "inside": {"web-id": tuple(map(socket, inside))},
    }
    return replace(observed(topology), **{**known, **more})


def told(host: Host, asked: str = "8080", *listeners: Listener, **more: Any) -> dict[str, tuple[str, str]]:
    """The first way's steps by their names: the state, and the sentence."""
    path = explain(seen(host, *listeners, **more), asked).paths[0]
    return {step.name: (step.state, step.detail) for step in path.steps}


def broken(host: Host, asked: str = "8080", *listeners: Listener, **more: Any) -> list[tuple[str, str]]:
    """Where the first way is broken."""
    steps = told(host, asked, *listeners, **more)
    return [(name, detail) for name, (state, detail) in steps.items() if state == FAILED]


@EVERY_KIND
def test_a_way_that_is_whole_is_told_step_by_step(host: Host, sentence: Any) -> None:
    assert told(host) == dict.fromkeys((PUBLISHED, HOST, DNAT, FORWARD, LINK, ROUTE, LISTENER), (OK, sentence))
    [path] = explain(seen(host), "8080").paths
    assert (path.addresses, path.verdict) == (("0.0.0.0", "::"), REACHABLE)


@pytest.mark.parametrize("host", BOTH_FAMILIES, ids=str)
def test_the_two_families_are_told_apart_where_one_of_them_is_broken(host: Host) -> None:
    damaged = host.without(host.entry("ip6"), "-p tcp --dport 8080")
    paths = explain(seen(damaged), "8080").paths
    assert [(path.addresses, path.verdict) for path in paths] == [(("0.0.0.0",), REACHABLE), (("::",), UNREACHABLE)]


def test_a_container_is_asked_for_by_name_or_by_the_beginning_of_its_id(sentence: Any) -> None:
    for asked in ("web", "web-id"):
        paths = explain(seen(OLD), asked).paths
        assert [(path.addresses[0], path.port, path.container_port) for path in paths] == [
            ("0.0.0.0", 8080, 80),
            ("192.0.2.10", 8082, 81),
            ("127.0.0.1", 8443, 443),
        ]
    assert told(OLD, "we") == {PUBLISHED: (UNKNOWN, sentence)}


def test_what_is_published_on_the_loopback_is_not_forwarded() -> None:
    assert FORWARD not in told(OLD, "8443")


def test_nothing_listens_where_the_port_leads(sentence: Any) -> None:
    assert broken(OLD, inside=("0.0.0.0:8000",)) == [(LISTENER, sentence)]
    many = tuple(f"0.0.0.0:{port}" for port in range(8000, 8006))
    assert broken(OLD, inside=many) == [(LISTENER, sentence)]
    assert broken(OLD, inside=()) == [(LISTENER, sentence)]


def test_a_listener_on_the_loopback_alone_or_of_the_other_protocol(sentence: Any) -> None:
    assert broken(OLD, inside=("127.0.0.1:80", "[::1]:80")) == [(LISTENER, sentence)]
    assert broken(OLD, inside=("0.0.0.0:80/udp",)) == [(LISTENER, sentence)]


@EVERY_KIND
def test_a_missing_dnat_rule_and_what_follows_from_it(host: Host, sentence: Any) -> None:
    damaged = host.without(host.entry(), "-p tcp --dport 8080")
    assert broken(damaged) == [(DNAT, sentence)]
    assert broken(damaged, "8082") == []


@EVERY_KIND
def test_a_rule_that_leads_elsewhere(host: Host, sentence: Any) -> None:
    damaged = host.inserted(host.entry(), f"{DNAT_RULE} --to-destination 172.17.0.2:53")
    assert broken(damaged) == [(DNAT, sentence)]


def test_the_way_into_dockers_chains(sentence: Any) -> None:
    gone = OLD.without(OLD.prerouting(), "-m addrtype --dst-type LOCAL")
    assert broken(gone) == [(DNAT, sentence)]
    assert broken(gone, "8443") == [], "the loopback's packets do not come that way"
    before = OLD.inserted(OLD.prerouting(), "-p tcp --dport 8082 -j ACCEPT")
    assert broken(before, "8082") == [(DNAT, sentence)]
    assert broken(before) == [], "of another port it is nothing"


@EVERY_KIND
def test_a_firewall_that_drops_what_is_forwarded(host: Host, sentence: Any) -> None:
    damaged = host.inserted(host.forward(), "-j DROP")
    assert broken(damaged) == [(FORWARD, sentence)]


def test_forwarding_that_is_switched_off(sentence: Any) -> None:
    nat = NatView(reading=OLD.reading(forwarding={"ip": False, "ip6": True}), expected=OLD.expected())
    assert broken(OLD, nat=nat) == [(FORWARD, sentence)]


def test_a_port_that_somebody_else_holds_or_nobody(sentence: Any) -> None:
    assert broken(OLD, "8080", *process("nginx", "0.0.0.0:8080")) == [(HOST, sentence)]
    assert told(OLD, "8080", *process("", "0.0.0.0:8080"))[HOST][0] == UNKNOWN
    assert (HOST, sentence) in broken(OLD, "8080", *proxy("web", 8082))


def test_a_container_that_is_down_and_who_has_its_port(sentence: Any) -> None:
    failed = details(WEB, published=(), exit_code=3, error="no such file")
    down = OLD.with_inventory(replace(stop(failed), endpoints=()))
    assert broken(down, "8080", *process("sshd", "0.0.0.0:22")) == [(PUBLISHED, sentence)]
    held = broken(down, "8080", *process("nginx", "0.0.0.0:8080"))
    assert held == [(PUBLISHED, sentence), (HOST, sentence)]


def test_of_two_that_want_a_port_the_one_that_is_up_is_told() -> None:
    twin = replace(WEB, id="twin-id", name="twin", state="exited", endpoints=())
    twin = details(twin, published=())
    both = explain(seen(OLD.with_inventory(twin)), "8080").paths
    assert {path.container for path in both} == {"web"}
    assert {path.verdict for path in explain(seen(OLD.with_inventory(twin)), "twin").paths} == {UNREACHABLE}


def test_a_paused_container(sentence: Any) -> None:
    paused = OLD.with_inventory(replace(WEB, state="paused"))
    assert broken(paused) == [(PUBLISHED, sentence)]


def test_a_port_that_is_configured_and_not_in_effect(sentence: Any) -> None:
    top = details(run("top", network="host"), bindings=(binding("8080:80"),))
    host = OLD.without_things(WEB).with_inventory(top)
    assert broken(host) == [(PUBLISHED, sentence)]


def test_who_listens_without_docker(sentence: Any) -> None:
    listeners = (*process("sshd", "0.0.0.0:22"), *container("dns", "192.0.2.10:9000"), *process("", "127.0.0.1:70/udp"))
    host = seen(OLD, *listeners)
    assert [(s.name, s.detail) for s in explain(host, "22").paths[0].steps] == [(HOST, sentence)]
    assert explain(host, "22/udp").verdict == UNREACHABLE
    assert explain(host, "9000").paths == (
        Path("tcp", ("192.0.2.10",), 9000, "dns", 0, explain(host, "9000").paths[0].steps),
    )
    assert explain(host, "70").verdict == UNDETERMINED


def test_a_rule_that_leads_a_port_away_that_nobody_publishes(sentence: Any) -> None:
    redirect = Redirect(4, "tcp", 7000, Owner(CONTAINER, "web", "web-id"), last_host_port=7009)
    nat = NatView(reading=OLD.reading(), expected=OLD.expected(), redirects=(redirect,))
    steps = told(OLD, "7005", nat=nat)
    assert steps[DNAT] == (OK, sentence)
    assert steps[LISTENER][0] == UNKNOWN


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ({"sockets": None}, HOST),
        ({"nat": None}, DNAT),
        ({"inside": None}, LISTENER),
        ({"inside": {}}, LISTENER),
    ],
    ids=["sockets", "rules", "namespaces", "this namespace"],
)
def test_what_could_not_be_read_is_unknown_and_nothing_else(more: dict[str, Any], name: str) -> None:
    host = seen(OLD)
    found = explain(replace(host, **more), "web")
    assert {step.name for path in found.paths for step in path.steps if step.state == UNKNOWN} == {name}
    assert (found.verdict, found.complete) == (UNDETERMINED, False)


def test_rules_that_are_not_there_may_be_switched_off(sentence: Any) -> None:
    nothing = replace(OLD, rules=replace(OLD.rules, chains={}, bases={}))
    assert told(nothing)[DNAT][0] == UNKNOWN
    engine = nothing.inventory.engine
    assert engine is not None
    off = replace(nothing, inventory=replace(nothing.inventory, engine=replace(engine, firewall_driver="none")))
    assert told(off)[DNAT] == (OK, sentence)


def test_without_an_engine_what_it_publishes_is_not_known() -> None:
    away = replace(OLD, inventory=replace(OLD.inventory, connected=False, containers={}))
    assert explain(seen(away, *process("nginx", "0.0.0.0:7000")), "8080").verdict == UNDETERMINED
    assert explain(seen(away, *process("nginx", "0.0.0.0:7000")), "7000").verdict == UNDETERMINED
    assert explain(seen(away), "web").verdict == UNDETERMINED


def changed(host: Host, **more: Any) -> Observation:
    """The host with another network context."""
    found = seen(host)
    context = found.network.context
    assert context is not None
    return replace(found, network=replace(found.network, context=replace(context, **more)))


def failed_codes(observation: Observation, query: str = "8080") -> list[tuple[str, str]]:
    return [(s.name, s.code) for s in explain(observation, query).paths[0].steps if s.state != OK]


def test_an_address_that_left_the_host_is_the_fault_of_its_ports_alone() -> None:
    devices = replace(OLD.topology().devices, addresses={"eth0": ("192.0.2.77",)})
    gone = replace(seen(OLD), topology=replace(OLD.topology(), devices=devices))
    assert failed_codes(gone, "8082") == [(HOST, "address_lost")]
    assert failed_codes(gone, "8080") == []
    assert failed_codes(gone, "8443") == []


def test_a_bridge_that_is_down_and_a_veth_without_carrier_are_steps() -> None:
    topology = OLD.topology()

    def with_link(name: str, **more: Any) -> Observation:
        links = {i: replace(link, **more) if link.name == name else link for i, link in topology.devices.links.items()}
        return changed(OLD, topology=join(OLD.inventory, replace(topology.devices, links=links)))

    assert failed_codes(with_link("br-front", up=False)) == [(LINK, "bridge_down")]
    assert failed_codes(with_link("docker0", up=False)) == []
    assert failed_codes(with_link("veth-web", carrier=False)) == [(LINK, "veth_detached")]


def test_routes_that_lead_elsewhere_are_a_step_and_unknown_ones_are_unknown() -> None:
    context = seen(OLD).network.context
    assert context is not None
    away = {query: RouteResult("unicast", 2) for query in context.fib.results}
    assert failed_codes(changed(OLD, fib=FibReading(away))) == [(ROUTE, "route_lost")]
    assert explain(changed(OLD, fib=NO_LOOKUPS), "8080").verdict == UNDETERMINED
    assert explain(replace(seen(OLD), network=NetworkResult()), "8080").verdict == UNDETERMINED


def test_a_critical_finding_about_the_container_is_never_passed_over() -> None:
    def with_finding(severity: Severity, subject: str, network: str = "front") -> Observation:
        finding = network_finding("duplicate_address", severity, network, subject, "planted")
        found = seen(OLD)
        return replace(found, network=replace(found.network, evaluation=evaluation(finding)))

    concerned = explain(with_finding("critical", "172.18.0.2"), "8080")
    assert (concerned.verdict, [note.kind for note in concerned.findings]) == (UNDETERMINED, ["duplicate_address"])
    noted = explain(with_finding("warning", "web"), "web")
    assert (noted.verdict, [note.severity for note in noted.findings]) == (REACHABLE, ["warning"])
    for subject, network in (("dns", "front"), ("172.17.0.9", "bridge")):
        other = explain(with_finding("critical", subject, network), "8080")
        assert (other.verdict, other.findings) == (REACHABLE, ())


def with_container(container: Container) -> Host:
    """The host with one more container."""
    return replace(OLD, inventory=with_inspected(OLD.inventory, container))


def code(host: Host, asked: str = "8080", **more: Any) -> str:
    """The code of the listener's step of the first way."""
    [step] = [step for step in explain(seen(host, **more), asked).paths[0].steps if step.name == LISTENER]
    return step.code


def test_a_listener_on_an_address_or_a_device_that_the_port_does_not_lead_to_is_another_address() -> None:
    assert code(OLD, inside=("10.9.9.9:80",)) == "wrong_address"
    assert code(OLD, inside=("10.9.9.9:80", "0.0.0.0:80")) == ""
    on_lo = {"web-id": (replace(socket("0.0.0.0:80"), ifindex=1),)}
    assert explain(replace(seen(OLD), inside=on_lo), "8080").paths[0].steps[-1].code == "wrong_address"
    target = next(one.targets[0] for one in OLD.expected().bindings if one.host_port == 8080)
    assert code(OLD, inside=(f"{target}:80",)) == ""


@pytest.mark.parametrize("inside", [(), ("0.0.0.0:80",), ("127.0.0.1:80",)])
def test_nat_rules_inside_the_namespace_leave_the_listener_unknown(inside: tuple[str, ...]) -> None:
    """They may lead the port to another one, with a server or without."""
    assert code(OLD, inside=inside, redirected=frozenset({"web-id"})) == "rule_not_understood"
    assert explain(seen(OLD, inside=inside, redirected=frozenset({"web-id"})), "8080").verdict == UNDETERMINED


def test_dockers_name_server_is_none_of_the_container() -> None:
    _, detail = told(OLD, inside=("127.0.0.11:34715", "127.0.0.11:60297/udp"))[LISTENER]
    assert "34715" not in detail
    assert "60297" not in detail
    _, detail = told(OLD, inside=("127.0.0.1:9000", "0.0.0.0:8000"))[LISTENER]
    assert "tcp/8000 and on tcp/9000 on its loopback" in detail


def test_a_stopped_proxy_serves_only_while_dnat_is_there() -> None:
    stopped = {"web": ProxyUse(2, stopped=frozenset({("tcp", 8080)}))}
    rule = Redirect(4, "tcp", 8080, Owner(CONTAINER, "web", "web-id"))
    dnat = NatView(reading=OLD.reading(), expected=OLD.expected(), redirects=(rule,))

    def host_step(**more: Any) -> tuple[str, str]:
        path = explain(seen(OLD, **{"proxies": stopped, **more}), "8080").paths[0]
        return next((step.state, step.code) for step in path.steps if step.name == HOST)

    assert host_step() == (FAILED, "proxy_stopped")
    assert host_step(nat=None) == (UNKNOWN, "proxy_stopped")
    assert host_step(nat=dnat) == (OK, "")
    assert host_step(nat=dnat, proxies={"web": ProxyUse(2)}) == (OK, "")


def test_a_container_that_publishes_nothing_is_described(sentence: Any) -> None:
    host = with_container(run("plain", network="bridge", ip="172.17.0.77"))
    [path] = explain(seen(host), "plain").paths
    assert [(step.name, step.state) for step in path.steps] == [(PUBLISHED, OK), (LINK, UNKNOWN), (ROUTE, OK)]
    assert path.steps[0].detail == sentence
    down = with_container(stop(run("plain")))
    assert explain(seen(down), "plain").paths[0].steps[0].code == "container_down"


def test_a_container_that_could_not_bind_a_port_says_who_has_it() -> None:
    failure = port_conflict(
        kind="host_bind_failed",
        protocol="tcp",
        address="0.0.0.0",
        port=8398,
        wanted_by="plain",
        holder="nginx",
        holder_kind="process",
        severity="critical",
        confidence="confirmed",
        detail="plain cannot bind tcp/8398: held by process nginx",
    )
    host = with_container(run("plain", network="host"))
    found = explain(replace(seen(host), ports=PortResult(evaluation(failure))), "plain")
    assert [(one.protocol, one.port, one.steps[0].code) for one in found.paths] == [("tcp", 8398, "port_held")]
    assert found.verdict == UNREACHABLE


def test_consecutive_ports_that_go_alike_are_one_row() -> None:
    def path(port: int, inside: int, state: str = OK, address: str = "0.0.0.0") -> Path:
        return Path("tcp", (address,), port, "web", inside, (Step(LISTENER, state, str(port)),))

    rows = [path(port, port) for port in range(8000, 8100)] + [path(9000, 80), path(8100, 8100, FAILED), path(9001, 80)]
    assert [(one.port, one.last_port) for one in merged(rows)] == [(8000, 8099), (9000, 0), (8100, 0), (9001, 0)]
    both = [one for port in (8000, 8001) for one in (path(port, port), path(port, port, address="::"))]
    assert [(one.addresses, one.port, one.last_port) for one in merged(both)] == [(("0.0.0.0", "::"), 8000, 8001)]
    assert len(merged([path(0, 80), path(0, 81)])) == 2


def with_program(device: str) -> Observation:
    taken = seen(OLD)
    [ifindex] = [link.ifindex for link in taken.topology.devices.links.values() if link.name == device]
    return replace(taken, filters=(DeviceFilter(ifindex, "ingress", "XDP program"),))


@pytest.mark.parametrize("device", ["eth0", "br-front", "veth-web"])
def test_a_filter_at_a_device_of_the_path_makes_it_undetermined_and_is_named(device: str, sentence: Any) -> None:
    [path] = explain(with_program(device), "8080").paths
    [step] = [step for step in path.steps if step.state != OK]
    assert path.verdict == UNDETERMINED
    assert step == Step(ROUTE, UNKNOWN, sentence, "rule_not_understood")
    assert device in step.detail


def with_policy(source: str, destination: str) -> Observation:
    return replace(seen(OLD), ipsec=(IpsecPolicy("fwd", source, destination, "block"),))


@pytest.mark.parametrize(("source", "to"), [("0.0.0.0/0", "172.18.0.0/16"), ("172.18.0.2/32", "8.0.0.0/8")])
def test_an_ipsec_policy_about_the_container_makes_it_undetermined(source: str, to: str, sentence: Any) -> None:
    [path] = explain(with_policy(source, to), "8080").paths
    [step] = [step for step in path.steps if step.state != OK]
    assert step == Step(ROUTE, UNKNOWN, sentence, "rule_not_understood")


def test_an_ipsec_policy_about_other_networks_is_left_out_and_unread_ones_are_named(sentence: Any) -> None:
    for source, to in (("192.0.2.0/24", "10.200.0.0/16"), ("10.200.0.0/16", "172.18.0.0/16"), ("::/0", "fd99::/16")):
        assert explain(with_policy(source, to), "8080").verdict == REACHABLE
    [path] = explain(replace(seen(OLD), ipsec=None), "8080").paths
    assert [step for step in path.steps if step.state != OK] == [Step(ROUTE, UNKNOWN, sentence, "route_unknown")]


@pytest.mark.parametrize("device", ["docker0", "veth-db"])
def test_a_filter_at_another_device_changes_nothing(device: str) -> None:
    assert explain(with_program(device), "8080").verdict == REACHABLE


def test_filters_that_could_not_be_read_are_unknown() -> None:
    [path] = explain(replace(seen(OLD), filters=None), "8080").paths
    assert [(step.state, step.code) for step in path.steps if step.state != OK] == [(UNKNOWN, "route_unknown")]
