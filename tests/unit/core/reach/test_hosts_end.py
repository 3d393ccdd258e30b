"""`explain PORT` of a port that a process of the host serves: its socket and its process."""

from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.explain.path import OK, Explanation, Path, Step
from exporter.core.model.ipsec import IpsecPolicy
from exporter.core.model.sockets import ListeningSocket
from exporter.core.reach.servers_end import with_servers_end
from tests.support.nat_hosts import NEW, WEB
from tests.support.reach_hosts import ReachHost

METAL = replace(WEB, name="metal", id="metal-id", network_mode="host", endpoints=(), pid=9)
SOCKET = ListeningSocket("tcp", "0.0.0.0", 8700, inode=5)


def added(host: ReachHost, container: str = "metal", address: str = "0.0.0.0") -> list[tuple[str, str, str]]:
    """The steps that a port of the host gets."""
    path = Path("tcp", (address,), 8700, container, 0, (Step("host", OK, "it listens"),))
    [found] = with_servers_end(Explanation("8700", (path,)), host.observation(), host._visit).paths
    return [(one.name, one.state, one.code) for one in found.steps[1:]]


def host(*things: Any, socket: ListeningSocket = SOCKET, **view: Any) -> ReachHost:
    return ReachHost(NEW, METAL, *things).view("", listeners=(socket,), **view)


def at(device: str) -> ListeningSocket:
    """A socket that is bound to a device of the host."""
    ifindex = next(d.link.ifindex for d in host()._visit(None).view.devices.values() if d.link.name == device)
    return replace(SOCKET, ifindex=ifindex)


ELSEWHERE = ("listener", "unknown", "wrong_address")
SIX = replace(SOCKET, address="::", v6only=True)
FAULTS = {
    "stopped": (host(stopped={5: 77}), ("listener", "failed", "server_stopped")),
    "frozen": (host(stopped={5: 77}, frozen=frozenset({77})), ("listener", "failed", "server_frozen")),
    "queue full": (host(full=frozenset({("tcp", "0.0.0.0", 8700)})), ("listener", "failed", "backlog_full")),
    "paused": (host(replace(METAL, state="paused")), ("listener", "failed", "container_paused")),
    "bound to a bridge": (host(socket=at("docker0")), ELSEWHERE),
    "bound to lo": (host(socket=at("lo")), ELSEWHERE),
}


@pytest.mark.parametrize(("host", "fault"), FAULTS.values(), ids=FAULTS)
def test_a_fault_of_a_port_of_the_host(host: ReachHost, fault: tuple[str, str, str]) -> None:
    assert added(host) == [fault]


@pytest.mark.parametrize("socket", [SOCKET, at("eth0"), replace(SIX, v6only=False)], ids=["any", "uplink", "both"])
def test_an_ordinary_port_of_the_host_adds_nothing(socket: ListeningSocket) -> None:
    assert added(host(socket=socket), address=socket.address) == []
    assert added(host(socket=socket), "", socket.address) == []


def test_a_port_of_ipv6_alone() -> None:
    assert added(host(socket=SIX), address="::") == []
    lone = host(socket=SIX).device("", "eth0", ("192.0.2.10",))
    assert added(lone, address="::") == [("host", "unknown", "wrong_address")]


def test_a_program_at_the_cgroup_of_a_container_in_host_mode() -> None:
    assert added(host().view("metal", programs=frozenset({"ingress"}))) == [
        ("inside", "unknown", "rule_not_understood")
    ]


def test_programs_at_the_cgroup_of_a_process_of_the_host() -> None:
    unknown = ("inside", "unknown", "rule_not_understood")
    own = replace(SOCKET, cgroup_id=70)
    programs = {70: frozenset({"ingress"}), 71: frozenset({"connect4"})}
    assert added(host(socket=own, socket_programs=programs), "") == [unknown]
    assert added(host(socket=replace(own, cgroup_id=71), socket_programs=programs), "") == []
    assert added(host(socket=own, programs=frozenset({"sk_lookup"})), "") == [unknown]


def policy(direction: str, source: str, destination: str) -> IpsecPolicy:
    return IpsecPolicy(direction, source, destination, "block")


UNDECODED = ("host", "unknown", "rule_not_understood")


@pytest.mark.parametrize(
    ("found", "steps"),
    [
        (policy("in", "0.0.0.0/0", "192.0.2.10/32"), [UNDECODED]),
        (policy("out", "192.0.2.10/32", "192.0.2.0/24"), [UNDECODED]),
        (policy("fwd", "0.0.0.0/0", "192.0.2.10/32"), []),
        (policy("out", "192.0.2.10/32", "10.200.0.0/16"), []),  # a tunnel to another site
    ],
)
def test_an_ipsec_policy_of_packets_to_the_host(found: IpsecPolicy, steps: list[Any], sentence: Any) -> None:
    host_ = host(ipsec=(found,))
    assert added(host_, "") == steps
    path = Path("tcp", ("0.0.0.0",), 8700, "", 0, (Step("host", OK, "it listens"),))
    [explained] = with_servers_end(Explanation("8700", (path,)), host_.observation(), host_._visit).paths
    for one in explained.steps[1:]:
        assert one.detail == sentence
