"""Rules inside the namespaces of the client and of the server, in both directions."""

import errno
from typing import Any

import pytest

from exporter.core.model.device_filters import DeviceFilter
from exporter.core.model.fib import RouteResult
from tests.support.reach_hosts import ReachHost

TARGET = "172.18.0.2:80"
ITSELF = "172.18.0.3:90"
FILTER, NAT, RAW = "filter", "nat", "raw"
UNREADABLE = "-m string --string x"


def rules(name: str, text: str, table: str = FILTER) -> ReachHost:
    return ReachHost().own_rules(name, text, table)


DROPS = {
    "client's output": ("client", ":OUTPUT ACCEPT\n-A OUTPUT -p tcp --dport 80 -j DROP", FILTER),
    "client's policy": ("client", ":OUTPUT DROP", FILTER),
    "client's postrouting": ("client", ":POSTROUTING ACCEPT\n-A POSTROUTING -o eth0 -j DROP", "mangle"),
    "answers at the client": ("client", ":INPUT DROP\n-A INPUT -i lo -j ACCEPT", FILTER),
    "answers at the client's prerouting": ("client", ":PREROUTING ACCEPT\n-A PREROUTING -s 172.18.0.2 -j DROP", RAW),
    "server's input": ("web", ":INPUT ACCEPT\n-A INPUT -p tcp --dport 80 -j REJECT", FILTER),
    "server's policy": ("web", ":INPUT DROP", FILTER),
    "server's source": ("web", ":INPUT ACCEPT\n-A INPUT -s 172.18.0.3 -j DROP", FILTER),
    "server's prerouting": ("web", ":PREROUTING ACCEPT\n-A PREROUTING -i eth0 -j DROP", RAW),
    "answers of the server": ("web", ":OUTPUT ACCEPT\n-A OUTPUT -p tcp --sport 80 -j DROP", FILTER),
}


@pytest.mark.parametrize(("name", "text", "table"), DROPS.values(), ids=DROPS)
def test_a_rule_that_drops_is_failed(name: str, text: str, table: str, sentence: Any) -> None:
    host = rules(name, text, table)
    assert host.faults(TARGET) == [("inside", "failed", "container_rule")]
    [step] = [s for s in host.path(TARGET).steps if s.state != "ok"]
    assert (step.detail, step.remedy) == (sentence, sentence)


@pytest.mark.parametrize(("name", "text", "table"), DROPS.values(), ids=DROPS)
def test_a_rule_that_is_not_understood_is_unknown(name: str, text: str, table: str) -> None:
    if "DROP\n" in text or text.endswith(" DROP"):
        text = text.replace(" DROP", " ACCEPT", 1)
    chain = text.partition(" ")[0].removeprefix(":")
    host = rules(name, f"{text.partition(chr(10))[0]}\n-A {chain} {UNREADABLE} -j DROP", table)
    assert host.faults(TARGET) == [("inside", "unknown", "rule_not_understood")]
    assert host.path(TARGET).verdict == "undetermined"


PASSES = {
    "established answers": ("client", ":INPUT DROP\n-A INPUT -m state --state ESTABLISHED,RELATED -j ACCEPT", FILTER),
    "another port": ("web", ":INPUT ACCEPT\n-A INPUT -p tcp --dport 81 -j DROP", FILTER),
    "another device": ("web", ":INPUT ACCEPT\n-A INPUT -i eth1 -j DROP", FILTER),
    "forwarded": ("web", ":FORWARD DROP", FILTER),
    "not new": ("web", ":INPUT ACCEPT\n-A INPUT -m state --state INVALID -j DROP", FILTER),
}


@pytest.mark.parametrize(("name", "text", "table"), PASSES.values(), ids=PASSES)
def test_an_ordinary_rule_is_silent(name: str, text: str, table: str) -> None:
    assert rules(name, text, table).faults(TARGET) == []


TRANSLATES = {
    "DNAT of the client to itself": (
        "client",
        ":OUTPUT ACCEPT\n-A OUTPUT -p tcp -j DNAT --to-destination 172.18.0.3:15001",
        NAT,
    ),
    "REDIRECT of the client": ("client", ":OUTPUT ACCEPT\n-A OUTPUT -p tcp -j REDIRECT --to-ports 15001", NAT),
    "SNAT of the client": ("client", ":POSTROUTING ACCEPT\n-A POSTROUTING -j SNAT --to-source 172.18.0.9", NAT),
    "DNAT of the server to its loopback": (
        "web",
        ":PREROUTING ACCEPT\n-A PREROUTING -p tcp -j DNAT --to-destination 127.0.0.1:8080",
        NAT,
    ),
    "DNAT of the server": ("web", ":PREROUTING ACCEPT\n-A PREROUTING -j DNAT --to-destination 10.0.0.1", NAT),
}


@pytest.mark.parametrize(("name", "text", "table"), TRANSLATES.values(), ids=TRANSLATES)
@pytest.mark.parametrize("listeners", [(), ("0.0.0.0:80",)], ids=["deaf", "listening"])
def test_behind_a_translation_inside_nothing_is_known(
    name: str, text: str, table: str, listeners: tuple[str, ...], sentence: Any
) -> None:
    host = rules(name, text, table).view("web", listeners=listeners)
    assert host.faults(TARGET) == [("inside", "unknown", "redirected_inside")]
    [step] = [s for s in host.path(TARGET).steps if s.state != "ok"]
    assert step.detail == sentence


@pytest.mark.parametrize(("name", "text", "table"), TRANSLATES.values(), ids=TRANSLATES)
def test_nor_behind_one_that_is_not_understood(name: str, text: str, table: str) -> None:
    host = rules(name, text.replace(" -j ", f" {UNREADABLE} -j ", 1), table).view("web", listeners=())
    assert host.faults(TARGET) == [("inside", "unknown", "rule_not_understood")]


REDIRECT = ":PREROUTING ACCEPT\n-A PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 8080"
SERVER_DNAT = ":PREROUTING ACCEPT\n-A PREROUTING -p tcp -j DNAT --to-destination 172.18.0.2:8080"


@pytest.mark.parametrize("text", [REDIRECT, SERVER_DNAT], ids=["REDIRECT", "DNAT"])
def test_a_translation_within_the_server_is_followed_to_its_port(text: str, sentence: Any) -> None:
    host = rules("web", text, NAT)
    assert host.faults(TARGET) == [("listener", "failed", "not_listening")]
    served = rules("web", text, NAT).view("web", listeners=("0.0.0.0:8080",))
    assert (served.faults(TARGET), served.path(TARGET).verdict) == ([], "reachable")
    assert [s.detail for s in served.path(TARGET).steps if s.name == "inside"] == [sentence]


@pytest.mark.parametrize("text", ["INPUT -p tcp --dport 8080", "OUTPUT -p tcp --sport 8080"])
def test_behind_it_rules_see_the_new_port(text: str) -> None:
    served = rules("web", REDIRECT, NAT).view("web", listeners=("0.0.0.0:8080",))
    served.own_rules("web", f":{text.partition(' ')[0]} ACCEPT\n-A {text} -j DROP")
    assert served.faults(TARGET) == [("inside", "failed", "container_rule")]


def leading(to: str) -> ReachHost:
    return rules("client", f":OUTPUT ACCEPT\n-A OUTPUT -p tcp --dport 80 -j DNAT --to-destination {to}", NAT)


def test_a_translation_of_the_client_is_followed_and_its_target_is_not_judged(sentence: Any) -> None:
    elsewhere = leading("172.18.0.9:80")
    assert elsewhere.faults(TARGET) == [
        ("inside", "unknown", "redirected_inside"),
        ("link", "failed", "address_unused"),
    ]
    assert elsewhere.path(TARGET).verdict == "unreachable"
    assert [s.detail for s in elsewhere.path(TARGET).steps if s.state != "ok"] == [sentence, sentence]
    assert leading("172.18.0.2:80").faults("172.18.0.9:80") == [("inside", "unknown", "redirected_inside")]


def test_a_translation_of_the_client_to_where_it_has_no_route_fails() -> None:
    host = leading("203.0.113.1:80").route("client", "203.0.113.1", RouteResult(error=errno.ENETUNREACH))
    assert [code for _, state, code in host.faults(TARGET) if state == "failed"] == ["default_route_lost"]


LOOPS = {
    "output": (":OUTPUT ACCEPT\n-A OUTPUT -o lo -j DROP", FILTER, "container_rule"),
    "input": (":INPUT ACCEPT\n-A INPUT -i lo -j DROP", FILTER, "container_rule"),
    "answers": (":OUTPUT ACCEPT\n-A OUTPUT -p tcp --sport 90 -j DROP", FILTER, "container_rule"),
    "translation": (":OUTPUT ACCEPT\n-A OUTPUT -p tcp -j DNAT --to-destination 10.0.0.1", NAT, "redirected_inside"),
    "not understood": (f":INPUT ACCEPT\n-A INPUT {UNREADABLE} -j DROP", FILTER, "rule_not_understood"),
}


@pytest.mark.parametrize(("text", "table", "code"), LOOPS.values(), ids=LOOPS)
def test_rules_apply_to_a_packet_of_a_container_to_itself(text: str, table: str, code: str) -> None:
    host = rules("client", text, table).view("client", listeners=("0.0.0.0:90",))
    assert [(name, found) for name, _, found in host.faults(ITSELF)] == [("inside", code)]
    assert host.path(ITSELF).verdict != "reachable"


def test_packets_of_a_container_to_itself_need_its_loopback() -> None:
    host = ReachHost().view("client", listeners=("0.0.0.0:90",)).device("client", "lo", up=False)
    assert host.faults(ITSELF) == [("link", "failed", "device_down")]


def test_the_engines_own_rules_inside_are_silent() -> None:
    assert ReachHost().view("client", listeners=("0.0.0.0:90",)).faults(ITSELF) == []


@pytest.mark.parametrize("name", ["client", "web"])
def test_a_filter_at_the_device_inside_is_unknown(name: str, sentence: Any) -> None:
    host = ReachHost().view(name, filters=(DeviceFilter(7, "egress", "tc filter bpf"),))
    assert host.faults(TARGET) == [("inside", "unknown", "rule_not_understood")]
    assert next(s.detail for s in host.path(TARGET).steps if s.state != "ok") == sentence
    assert ReachHost().view(name, filters=(DeviceFilter(8, "egress", "tc filter bpf"),)).faults(TARGET) == []


MARKED = ":OUTPUT ACCEPT\n-A OUTPUT -p tcp -j MARK --set-mark 5"


@pytest.mark.parametrize(
    ("name", "ends"), [("client", ("172.18.0.2", "172.18.0.3")), ("web", ("172.18.0.3", "172.18.0.2"))]
)
def test_marks_that_policy_rules_inside_go_by(name: str, ends: tuple[str, str], sentence: Any) -> None:
    """Behind the output chains the route is looked up once more, of packets and of answers."""
    marked = rules(name, MARKED, "mangle")
    assert marked.faults(TARGET) == []
    for error in (errno.EACCES, 0):
        result = RouteResult(error=error) if error else RouteResult("unicast", 99)
        ruled = rules(name, MARKED, "mangle").route(name, ends[0], result, ends[1], mark=5)
        assert ruled.faults(TARGET) == [("inside", "unknown", "rule_not_understood")]
        [step] = [s for s in ruled.path(TARGET).steps if s.state != "ok"]
        assert (step.detail, step.remedy) == (sentence, sentence)
        assert rules(name, "", "mangle").route(name, ends[0], result, ends[1], mark=5).faults(TARGET) == []
