"""What one visit of a container's namespace reads, with every right and without."""

import errno
import pickle
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from exporter.core.model.fib import RouteQuery
from exporter.core.model.ipsec import IpsecPolicy
from exporter.core.reach.view import FILES, NAMESPACE, RULES, Device, NamespaceView, Neighbour, Unread
from exporter.kernel.bpf.cgroup_programs import read_cgroup_programs
from exporter.kernel.netlink.messages import MalformedError
from exporter.kernel.reach import visit
from exporter.kernel.reach.visit import visiting
from exporter.kernel.sockets.cgroups import find_root
from tests.support.bpf_drop import CONNECT4, dropping_in
from tests.support.kernel.capture_sockets import made
from tests.support.kernel.fake_container import ID, FakeContainer
from tests.support.kernel.own_namespace import container, entered, inode, ip, sandbox_file
from tests.support.waiting import until

OUTSIDE = RouteQuery("192.0.2.1")
ENTER = "CAP_SYS_ADMIN and CAP_SYS_PTRACE"


def view_of(web: FakeContainer) -> NamespaceView:
    with visiting(web.procfs) as visits:
        return visits.container(web.container).view


def host_view(web: FakeContainer) -> NamespaceView:
    with visiting(web.procfs) as visits:
        return visits.host().view


def device(view: NamespaceView, name: str) -> Device:
    return next(one for one in view.devices.values() if one.link.name == name)


BELOW_IP = """
nft add table arp t
nft add chain arp t quiet '{ type filter hook output priority 0; policy accept; }'
nft add chain arp t c '{ type filter hook input priority 0; policy drop; }'
ip link add br0 type bridge
ip link add p0 type veth peer p1
ip link set p0 master br0
bridge fdb replace 02:42:0a:00:00:04 dev p0 master static
bridge fdb add 02:42:0a:00:00:05 dev p0 master permanent
bridge link set dev p0 bcast_flood off
echo 8 >/proc/sys/net/ipv4/conf/all/arp_ignore
ip rule add fwmark 7 blackhole
"""


def test_what_decides_below_ip_and_by_marks_is_read(web: FakeContainer) -> None:
    ordinary = device(view_of(web), "eth0")
    assert (ordinary.answers, ordinary.withheld, ordinary.vlans, view_of(web).filters) == (True, "", False, ())
    subprocess.run(["nsenter", f"--net=/proc/{web.pid}/ns/net", "sh", "-ec", BELOW_IP], check=True)
    with visiting(web.procfs) as visits:
        found = visits.container(web.container)
        errors = [found.lookup(RouteQuery("172.20.0.9", mark=mark)).error for mark in (0, 7)]
    eth0, port = (device(found.view, name) for name in ("eth0", "p0"))
    assert errors == [0, errno.EINVAL]
    assert (eth0.answers, port.withheld) == (False, "broadcasts")
    assert found.view.filters_at(eth0) == "rules of nftables for ARP at input of eth0"
    assert Neighbour(port.link.ifindex, "", "02:42:0a:00:00:04") in found.view.neighbours
    assert Neighbour(port.link.ifindex, "", "02:42:0a:00:00:05", local=True) in found.view.neighbours


@pytest.mark.parametrize("visited_view", [view_of, host_view])
def test_rules_for_arp_that_cannot_be_read_are_named(
    web: FakeContainer, monkeypatch: pytest.MonkeyPatch, visited_view: Callable[[FakeContainer], NamespaceView]
) -> None:
    def fail() -> tuple[str, ...]:
        raise MalformedError("planted")

    monkeypatch.setattr(visit, "read_arp_hooks", fail)
    assert visited_view(web).missing(RULES) == Unread(RULES, "the rules for ARP cannot be read: planted")


def test_everything_is_read_in_one_visit(web: FakeContainer) -> None:
    ip("neighbour add 172.20.0.9 lladdr 02:42:0a:00:00:03 dev eth0 nud permanent", web.pid)
    ip("neighbour add 172.20.0.8 lladdr 02:42:0a:00:00:03 dev eth0 nud stale", web.pid)
    ip("neighbour add fd00:20::9 lladdr 02:42:0a:00:00:03 dev eth0 nud permanent", web.pid)
    nft = "add table ip f; add chain ip f c { type filter hook input priority 0; policy drop; }"
    subprocess.run(["nsenter", f"--net=/proc/{web.pid}/ns/net", "nft", nft], check=True)
    with entered(web.pid):
        listening = made("tcp", "127.0.0.1", 80, "")
    with listening:
        view = view_of(web)
    eth0 = device(view, "eth0")
    assert (eth0.link.kind, eth0.link.carrier, eth0.link.up, eth0.port_state) == ("veth", True, True, None)
    assert eth0.addresses[:2] == ("172.20.0.2", "fd00:20::2")
    assert eth0.addresses[2].startswith("fe80::")
    assert {(one.ifindex, one.address) for one in view.neighbours} == {
        (eth0.link.ifindex, "172.20.0.9"),
        (eth0.link.ifindex, "172.20.0.8"),
        (eth0.link.ifindex, "fd00:20::9"),
    }
    assert Neighbour(eth0.link.ifindex, "172.20.0.9", "02:42:0a:00:00:03") in view.neighbours
    assert [(base.hook, base.policy) for ruleset in view.rulesets for base in ruleset.bases.values()] == [
        ("input", "DROP")
    ]
    assert [(one.protocol, one.address, one.port) for one in view.listeners] == [("tcp", "127.0.0.1", 80)]
    assert (view.hosts, view.resolv_conf) == ("127.0.0.1 localhost\n", "nameserver 127.0.0.11\n")
    assert view.unread == ()


LISTEN = "import signal, socket; s = socket.create_server(('0.0.0.0', 81)); print(flush=True); signal.pause()"


def test_a_socket_whose_only_process_is_stopped(web: FakeContainer) -> None:
    command = ["nsenter", f"--net=/proc/{web.pid}/ns/net", sys.executable, "-c", LISTEN]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as server:
        try:
            assert server.stdout is not None
            server.stdout.readline()
            (web.procfs / str(server.pid)).symlink_to(f"/proc/{server.pid}")
            assert view_of(web).stopped == {}
            server.send_signal(signal.SIGSTOP)
            until(lambda: view_of(web).stopped, 10, "the process is stopped")
            view = view_of(web)
            assert view.stopped == {one.inode: server.pid for one in view.listeners}
        finally:
            server.kill()


def test_ipsec_policies_and_an_address_that_another_device_has(web: FakeContainer) -> None:
    ip("xfrm policy add src 0.0.0.0/0 dst 172.20.0.2/32 dir in action block", web.pid)
    ip("address add fd00:20::9/64 dev br0 nodad")
    ip("address add fd00:20::9/64 dev eth0", web.pid)
    until(lambda: device(view_of(web), "eth0").duplicates, 20, "the detection of duplicate addresses")
    view = view_of(web)
    assert device(view, "eth0").duplicates == {"fd00:20::9"}
    assert view.ipsec == (IpsecPolicy("in", "0.0.0.0/0", "172.20.0.2/32", "block"),)


def test_rules_of_iptables_legacy_are_read_too(web: FakeContainer) -> None:
    assert view_of(web).rulesets == ()
    legacy = ("iptables-legacy", "-w", "-A", "INPUT", "-p", "tcp", "--dport", "80", "-j", "DROP")
    subprocess.run(["nsenter", f"--net=/proc/{web.pid}/ns/net", *legacy], check=True)
    (ruleset,) = view_of(web).rulesets
    assert [rule.target for rule in ruleset.chains["ip", "filter", "INPUT"]] == ["DROP"]


def test_the_switches_of_a_bridge_and_of_its_ports(web: FakeContainer) -> None:
    folder = Path("/proc/sys/net/bridge")
    if not folder.is_dir():
        pytest.skip("br_netfilter is not loaded")
    for name in ("bridge-nf-call-iptables", "bridge-nf-call-ip6tables"):
        (folder / name).write_text("0")
    plain = host_view(web)
    assert (device(plain, "veth0").port_state, device(plain, "veth0").isolated) == (3, False)
    assert not device(plain, "br0").filters | plain.bridge_filter
    (folder / "bridge-nf-call-ip6tables").write_text("1")
    ip("link set br0 type bridge nf_call_iptables 1")
    ip("link set veth0 type bridge_slave isolated on")
    ip("link set veth0 down")
    changed = host_view(web)
    assert (device(changed, "veth0").port_state, device(changed, "veth0").isolated) == (0, True)
    assert (device(changed, "br0").filters, changed.bridge_filter) == (frozenset({4}), frozenset({6}))


def test_arp_and_the_learning_of_a_port_are_read(web: FakeContainer) -> None:
    assert (device(view_of(web), "eth0").arp, device(host_view(web), "veth0").learning) == (True, True)
    ip("link set eth0 arp off", web.pid)
    ip("link set veth0 type bridge_slave learning off")
    assert (device(view_of(web), "eth0").arp, device(host_view(web), "veth0").learning) == (False, False)


def test_tc_filters_are_named(web: FakeContainer) -> None:
    subprocess.run(["tc", "qdisc", "add", "dev", "veth0", "clsact"], check=True)
    assert host_view(web).filters_at(device(host_view(web), "veth0")) == ""
    words = "filter add dev veth0 ingress pref 7 protocol ip u32 match u32 0 0 classid 1:1"
    subprocess.run(["tc", *words.split()], check=True)
    found = host_view(web)
    assert found.filters_at(device(found, "veth0")) == "tc filter u32 (pref 7) at ingress of veth0"
    assert found.filters_at(device(found, "br0")) == ""


def test_an_accept_queue_that_is_full(web: FakeContainer) -> None:
    with entered(web.pid):
        listening = made("tcp", "172.20.0.2", 80, "")
        listening.listen(1)
        clients = [made("tcp", "172.20.0.2", 8000 + number, "not listening") for number in range(2)]
    with listening:
        clients[0].connect(("172.20.0.2", 80))
        assert view_of(web).full == frozenset()
        clients[1].connect(("172.20.0.2", 80))
        assert view_of(web).full == {("tcp", "172.20.0.2", 80)}
    for client in clients:
        client.close()


def test_a_receive_buffer_that_is_full(web: FakeContainer) -> None:
    with entered(web.pid):
        server, client = made("udp", "172.20.0.2", 80, ""), made("udp", "172.20.0.2", 8000, "")
    with server, client:
        assert view_of(web).full == frozenset()
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        for _ in range(100):
            client.sendto(b"x", ("172.20.0.2", 80))
        assert view_of(web).full == {("udp", "172.20.0.2", 80)}


def test_local_ports_that_are_left(web: FakeContainer) -> None:
    query = RouteQuery("172.20.0.2", "172.20.0.2", protocol="tcp", port=80)
    with entered(web.pid):
        Path("/proc/sys/net/ipv4/ip_local_port_range").write_text("40000 40009")
        Path("/proc/sys/net/ipv4/ip_local_reserved_ports").write_text("40000-40007")
        listening = made("tcp", "172.20.0.2", 80, "")
        clients = [socket.socket() for _ in range(2)]
    left = []
    with listening:
        listening.listen(4)
        for client in (None, *clients):
            if client is not None:
                client.connect(("172.20.0.2", 80))
            with visiting(web.procfs) as visits:
                visited = visits.container(web.container)
                left.append((visited.free_ports(query), visited.free_ports(query._replace(port=81))))
    for client in clients:
        client.close()
    assert left == [(2, 2), (1, 2), (0, 2)]


def test_a_time_to_live_and_a_hop_limit(web: FakeContainer) -> None:
    assert (view_of(web).ttl, device(view_of(web), "eth0").hop_limit) == (64, 64)
    with entered(web.pid):
        Path("/proc/sys/net/ipv4/ip_default_ttl").write_text("1")
        Path("/proc/sys/net/ipv6/conf/eth0/hop_limit").write_text("2")
    assert (view_of(web).ttl, device(view_of(web), "eth0").hop_limit) == (1, 2)


def test_a_device_that_sends_no_requests_of_arp(web: FakeContainer) -> None:
    assert device(host_view(web), "br0").requests_arp
    Path("/proc/sys/net/ipv4/neigh/br0/mcast_solicit").write_text("0")
    assert not device(host_view(web), "br0").requests_arp


def test_a_program_at_a_cgroup_and_at_one_below_it() -> None:
    root = find_root(Path("/sys"))
    assert root is not None
    above = Path(tempfile.mkdtemp(dir=root, prefix="test-"))
    below = above / "below"
    below.mkdir()
    try:
        before = read_cgroup_programs(below)
        with dropping_in(above, CONNECT4):
            assert read_cgroup_programs(below) - before == {"connect4"}
        assert read_cgroup_programs(below) == before
    finally:
        below.rmdir()
        above.rmdir()


def test_routes_are_looked_up_in_each_namespace_until_the_question_ends(web: FakeContainer) -> None:
    here = inode("thread-self")
    with visiting(web.procfs) as visits:
        inside, host = visits.container(web.container), visits.host()
        assert inode("thread-self") == here
        found = inside.lookup(OUTSIDE)
        assert (found.type, found.gateway) == ("unicast", "172.20.0.1")
        assert host.lookup(OUTSIDE).error == errno.ENETUNREACH
        assert host.lookup(RouteQuery("172.20.0.1")).type == "local"
        assert inside.lookup(RouteQuery("no address")).error == errno.EBADMSG
        assert visits.container(web.container) is inside
    assert inside.lookup(OUTSIDE).error == errno.EBADF


def open_now() -> tuple[int, int]:
    return len(list(Path("/proc/self/fd").iterdir())), threading.active_count()


def test_hundred_visits_leave_no_descriptor_and_no_thread(web: FakeContainer) -> None:
    view_of(web)
    before = open_now()
    for _ in range(100):
        view_of(web)
    assert open_now() == before


def test_a_visit_that_fails_leaves_no_descriptor_and_no_thread(
    web: FakeContainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> NamespaceView:
        raise AssertionError("planted")

    before = open_now()
    monkeypatch.setattr(visit, "read_view", fail)
    with pytest.raises(AssertionError, match="planted"):
        view_of(web)
    assert open_now() == before


def test_the_sandbox_is_visited_and_not_a_namespace_that_the_process_made(web: FakeContainer, tmp_path: Path) -> None:
    with container() as own, sandbox_file(web.pid, tmp_path) as file:
        process = web.procfs / str(own)
        process.mkdir()
        (process / "cgroup").write_text(f"0::/docker/{ID}\n")
        (process / "ns").symlink_to(f"/proc/{own}/ns")
        (process / "root").symlink_to(web.root)
        with visiting(web.procfs) as visits:
            view = visits.container(replace(web.container, pid=own, sandbox_key=str(file))).view
    assert view.device_of("172.20.0.2") is not None
    assert view.unread == ()


def test_a_process_of_another_container_is_not_visited(web: FakeContainer) -> None:
    web.belongs_to("d4" * 32)
    view = view_of(web)
    assert (view.devices, view.hosts) == ({}, None)
    assert [(one.part, one.privilege) for one in view.unread] == [(NAMESPACE, ""), (FILES, "")]


def test_a_namespace_that_is_gone_is_a_value(tmp_path: Path, web: FakeContainer) -> None:
    (tmp_path / "sandbox").touch()
    gone = replace(web.container, pid=0, sandbox_key=str(tmp_path / "sandbox"))
    with visiting(web.procfs) as visits:
        visited = visits.container(gone)
        assert visited.lookup(OUTSIDE).error == errno.EPERM
    assert visited.view.missing(RULES) == Unread(NAMESPACE, "the network namespace is gone or not visible from here")


def without(*capabilities: str) -> tuple[str, ...]:
    taken = ",".join(f"-{name}" for name in capabilities)
    return ("setpriv", "--bounding-set", taken, "--inh-caps", taken)


GRANTED = "-all,+sys_admin,+sys_ptrace,+net_admin"
USER = (
    "setpriv",
    "--reuid=65534",
    "--regid=65534",
    "--clear-groups",
    f"--inh-caps={GRANTED}",
    f"--ambient-caps={GRANTED}",
)
NOBODY = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--bounding-set", "-all")
VISIT = """
import pickle, sys
from exporter.kernel.reach.visit import visiting
procfs, container = pickle.load(sys.stdin.buffer)
with visiting(procfs) as visits:
    sys.stdout.buffer.write(pickle.dumps(visits.container(container).view))
"""


@pytest.mark.parametrize(
    ("rights", "missing"),
    [
        ((), {}),
        (USER, {RULES: "CAP_DAC_READ_SEARCH"}),
        (without("sys_admin"), {NAMESPACE: ENTER}),
        (without("net_admin"), {RULES: "CAP_NET_ADMIN"}),
        (without("sys_ptrace"), {NAMESPACE: ENTER, FILES: "CAP_SYS_PTRACE"}),
        (NOBODY, {NAMESPACE: ENTER, FILES: "CAP_SYS_PTRACE"}),
    ],
    ids=["root", "another user", "no SYS_ADMIN", "no NET_ADMIN", "no SYS_PTRACE", "nobody"],
)
def test_a_missing_right_costs_its_part_and_is_named(
    web: FakeContainer, rights: tuple[str, ...], missing: dict[str, str]
) -> None:
    (web.procfs / str(web.pid) / "root").unlink()
    (web.procfs / str(web.pid) / "root").symlink_to(f"/proc/{web.pid}/root")
    done = subprocess.run(
        [*rights, sys.executable, "-c", VISIT],
        input=pickle.dumps((web.procfs, web.container)),
        stdout=subprocess.PIPE,
        check=True,
    )
    view = pickle.loads(done.stdout)  # noqa: S301  of a process of this test
    assert {one.part: one.privilege for one in view.unread} == missing
    assert bool(view.devices) is (NAMESPACE not in missing)
    assert (view.hosts is not None) is (FILES not in missing)
