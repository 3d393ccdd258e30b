"""Real namespaces: whose they are, what is inside, and how their veths end."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from exporter.core.model.docker import Container
from exporter.core.model.kernel_sample import EndedLink
from exporter.core.topology.interfaces import interface_of
from exporter.kernel.links.links import read_interfaces
from exporter.kernel.links.watcher import LinkWatcher
from exporter.kernel.namespaces.interface_counters import read_names
from exporter.kernel.namespaces.resolver import NamespaceResolver
from exporter.kernel.netlink.client import open_socket
from exporter.kernel.netlink.nsid import UNASSIGNED
from exporter.kernel.sampler import KernelSampler
from tests.support.builders import connect, row, run
from tests.support.kernel.container_veths import MAC, nsid_of, plug
from tests.support.kernel.own_namespace import container, inode, ip, send_frames
from tests.support.waiting import until

PROC = Path("/proc")


@pytest.fixture
def resolver(namespace: None) -> Iterator[NamespaceResolver]:
    assert namespace is None
    made = NamespaceResolver(PROC)
    yield made
    made.close()


@pytest.fixture
def watcher(namespace: None) -> Iterator[LinkWatcher]:
    assert namespace is None
    made = LinkWatcher()
    made.start()
    yield made
    made.stop()


def process(name: str, pid: int) -> Container:
    """A container that this process is believed to belong to: an id that its cgroup's path has."""
    return run(name, pid=pid, container_id=(PROC / str(pid) / "cgroup").read_text().splitlines()[0])


def one_end(watcher: LinkWatcher) -> EndedLink:
    return until(watcher.drain_ended, 60, "the end of a veth")[0]


def test_a_namespace_has_a_number_once_a_device_moved_there(sandbox: int) -> None:
    assert nsid_of(sandbox) == UNASSIGNED
    ip("link add br-front type bridge")
    plug("web", sandbox)
    assert nsid_of(sandbox) >= 0


def test_a_containers_nsid_is_found_by_its_process(resolver: NamespaceResolver, sandbox: int) -> None:
    ip("link add br-front type bridge")
    plug("web", sandbox)
    web = process("web", sandbox)
    assert resolver.sandboxes([web], set()) == {web.id: nsid_of(sandbox)}
    assert resolver.hidden == set()


def test_a_process_of_somebody_else_is_not_believed(resolver: NamespaceResolver, sandbox: int) -> None:
    ip("link add br-front type bridge")
    plug("web", sandbox)
    assert resolver.sandboxes([run("web", pid=sandbox)], set()) == {}
    assert resolver.hidden == {"web-id"}


def test_a_number_that_was_freed_is_not_that_of_the_dead_container_any_more(
    resolver: NamespaceResolver, watcher: LinkWatcher
) -> None:
    """The kernel gives a freed number to the next one at once."""
    ip("link add br-front type bridge")
    with container() as first:
        plug("old", first)
        old = process("old", first)
        (nsid,) = resolver.sandboxes([old], set()).values()
    freed = until(watcher.drain_freed, 60, "the number freed")
    with container() as second:
        plug("new", second)
        new = process("new", second)
        assert nsid_of(second) == nsid
        assert resolver.sandboxes([old, new], freed) == {new.id: nsid}


def test_nothing_is_remembered_of_a_container_that_is_gone(sandbox: int, tmp_path: Path) -> None:
    """Its namespace may live on, as that of others which share it: no number is freed then."""
    ip("link add br-front type bridge")
    plug("web", sandbox)
    web = run("web", pid=sandbox)
    place = tmp_path / str(sandbox)
    (place / "ns").mkdir(parents=True)
    (place / "cgroup").write_text(f"0::/docker/{web.id}\n")
    (place / "ns/net").symlink_to(PROC / str(sandbox) / "ns/net")
    with closing(NamespaceResolver(tmp_path)) as resolver:
        assert resolver.sandboxes([web], set()) == {web.id: nsid_of(sandbox)}
        assert resolver.sandboxes([], set()) == {}
        (place / "ns/net").unlink()
        (place / "ns/net").symlink_to("/proc/self/ns/net")
        assert resolver.sandboxes([web], set()) == {}


def test_the_devices_inside_are_read_without_entering(sandbox: int) -> None:
    ip("link add br-front type bridge")
    plug("web", sandbox)
    ours = inode("thread-self")
    with open_socket() as sock:
        inside = {interface.name: interface.mac_address for interface in read_interfaces(sock, nsid_of(sandbox))}
    assert inside == {"lo": "00:00:00:00:00:00", "eth0": MAC}
    assert inode("thread-self") == ours


def test_thousands_of_devices_in_one_namespace_cost_that_container_alone(
    resolver: NamespaceResolver, sandbox: int
) -> None:
    """A container with NET_ADMIN makes as many as it likes; a dump that is given up goes on, on its socket."""
    ip("link add br-front type bridge")
    plug("web", sandbox)
    pairs = "".join(f"link add a{number} type veth peer name b{number}\n" for number in range(4000))
    enter = ["nsenter", "--target", str(sandbox), "--net", "ip", "-batch", "-"]
    subprocess.run(enter, input=pairs, text=True, check=True)
    with container() as other:
        plug("db", other)
        web, db = run("web", network="front", mac=MAC), run("db", network="front", mac=MAC)
        found = resolver.interfaces({}, [web, db], {web.id: nsid_of(sandbox), db.id: nsid_of(other)})
        assert found[nsid_of(sandbox)] == ()
        assert {interface.name for interface in found[nsid_of(other)]} == {"lo", "eth0"}


def test_an_endpoint_without_a_mac_address_is_found_by_its_address(resolver: NamespaceResolver, sandbox: int) -> None:
    """As with ipvlan, which this kernel may lack: two devices of a macvlan stand for those of one parent."""
    ip("link add br-front type bridge")
    for name, address in (("eth1", "192.0.2.20/24"), ("eth2", "198.51.100.2/24")):
        ip(f"link add link br-front name {name} type macvlan")
        ip(f"link set {name} netns {sandbox}")
        ip(f"address add {address} dev {name}", sandbox)
        ip(f"link set {name} up", sandbox)
    made = connect(process("web", sandbox), "dmz", ip="198.51.100.2")
    sandboxes = resolver.sandboxes([made], set())
    inside = resolver.interfaces({}, [made], sandboxes)[nsid_of(sandbox)]
    assert {(one.name, one.kind, one.networks) for one in inside} == {
        ("lo", "", ()),
        ("eth1", "macvlan", ("192.0.2.20/32",)),
        ("eth2", "macvlan", ("198.51.100.2/32",)),
    }
    found = interface_of(made.endpoints[-1], "macvlan", inside)
    assert found is not None
    assert found.name == "eth2"
    names = read_names(PROC, sandbox, made.id)
    by_network = interface_of(made.endpoints[-1], "macvlan", names)
    assert by_network is not None
    assert by_network.name == "eth2"


def test_an_engines_way_to_end_a_veth_loses_no_byte(watcher: LinkWatcher, sandbox: int) -> None:
    ip("link add br-front type bridge")
    plug("web", sandbox)
    send_frames("eth0", 10, 100, inside=sandbox)
    send_frames("v-web", 3, 1000)
    ip("link set eth0 down", inside=sandbox)
    ip("link set eth0 name e-web", inside=sandbox)
    # The carrier's loss is told at most once a second, so it may be too late; the return of the end is always told.
    ip(f"link set e-web netns {os.getpid()}", inside=sandbox)
    ip("link del v-web")
    ended = one_end(watcher)
    assert ended.stats[:5] == row(ended.link.ifindex, rx=(1000, 10), tx=(3000, 3))[:5]
    assert (ended.link.name, ended.master) == ("v-web", "br-front")


def test_a_freed_number_is_heard_of(watcher: LinkWatcher) -> None:
    ip("link add br-front type bridge")
    with container() as pid:
        plug("web", pid)
        nsid = nsid_of(pid)
    assert until(watcher.drain_freed, 60, "a freed number") == {nsid}


def test_a_sampler_reads_devices_and_counters_and_keeps_what_did_not_change(namespace: None) -> None:
    assert namespace is None
    ip("link add br-front type bridge")
    sampler = KernelSampler(PROC)
    sampler.start()
    try:
        sample = sampler.sample(())
        assert [link.name for link in sample.devices.links.values()] == ["lo", "br-front"]
        assert {row[0] for row in sample.stats or ()} == {1, 2}
        assert {state.name: state.up for state in sample.sources} == dict.fromkeys(
            ("links", "link_stats", "fdb", "conntrack", "namespace_stats", "routes", "sockets", "namespace_sockets"),
            True,
        )
        assert sampler.sample(()).devices is sample.devices
    finally:
        sampler.stop()
