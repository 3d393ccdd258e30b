"""Faults planted on real hosts, each found and nothing beside it; and hosts without one, that show nothing."""

import json
import signal
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from docker.errors import APIError
from docker.types import IPAMConfig, IPAMPool

from exporter.core.model.fib import FibReading
from exporter.kernel.netlink.client import MAX_DATAGRAM
from exporter.kernel.netlink.messages import message
from tests.support.live.shop import IMAGE, Shop, run
from tests.support.live.watched import Watched
from tests.support.private_host.dockerd import DATA_ROOT
from tests.support.private_host.engines import BUILT, tool
from tests.support.private_host.host import PrivateHost
from tests.support.waiting import until

CHURN_SECONDS, CHURN_LOOKS = 12.0, 20
MANY_SECONDS = 90  # for hundreds of devices or thousands of connections
UDP_SECONDS = "/proc/sys/net/netfilter/nf_conntrack_udp_timeout"
MOST_CONNECTIONS, PORTS = 300_000, 5_000
NETLINK_NETFILTER, CONNTRACK_DELETE, NLM_F_ACK = 12, 1 << 8 | 2, 4


@pytest.fixture
def watched(clean_host: PrivateHost) -> Iterator[Watched]:
    with Watched(clean_host) as looking:
        yield looking


def create(host: PrivateHost, name: str, subnet: str = "", **options: Any) -> Any:
    """`docker network create`, with a subnet if one is named."""
    ipam = IPAMConfig(pool_configs=[IPAMPool(subnet=subnet, iprange=options.pop("iprange", None))]) if subnet else None
    return host.client().networks.create(name, ipam=ipam, **options)


def configure(host: PrivateHost, name: str, network: str, ip: str) -> None:
    """`docker create --network NETWORK --ip IP`."""
    api = host.api()
    endpoint = api.create_networking_config({network: api.create_endpoint_config(ipv4_address=ip)})
    api.create_container(IMAGE, ["sleep", "1000"], name=name, networking_config=endpoint)


def port_of(host: PrivateHost, bridge: str) -> str:
    """The only port of a bridge."""
    (link,) = json.loads(host.run("ip", "-j", "link", "show", "master", bridge).stdout)
    return str(link["ifname"])


def test_an_ordinary_host_shows_nothing(shop: Shop) -> None:
    with Watched(shop.host) as looking:
        until(lambda: len(looking.topology().counted) == 4, 60, "every veth's owner")
        assert looking.stays() == set()


def test_what_a_swarm_makes_for_itself_is_no_fault(new_host: Callable[..., PrivateHost]) -> None:
    """docker_gwbridge, ingress and their sandbox have endpoints and veths that are no container's."""
    host = new_host().start().load_image()
    client = host.client()
    client.swarm.init(advertise_addr="192.0.2.10", listen_addr="192.0.2.10")
    client.networks.create("ov", driver="overlay", attachable=True)
    with Watched(host) as looking:
        run(host, "one", "ov")
        until(lambda: len(looking.topology().counted) == 2, 60, "the overlay's and the gateway's endpoint")
        until(lambda: any(port.container is None for port in looking.topology().ports), 60, "the ingress sandbox")
        assert looking.stays() == set()
        client.containers.get("one").restart()
        until(lambda: len(looking.topology().counted) == 2, 60, "both endpoints again")
        until(lambda: looking.stays() == set(), 60, "no fault")


def test_a_network_with_larger_packets_than_the_uplink_is_found(watched: Watched, clean_host: PrivateHost) -> None:
    jumbo = {"com.docker.network.driver.mtu": "9000"}
    create(clean_host, "jumbo", options=jumbo)
    create(clean_host, "inside", options=jumbo, internal=True)
    expected = {("mtu_mismatch", "jumbo", "enp0s3")}
    until(lambda: watched.stays() == expected, 60, "one network that does not fit")
    clean_host.run("ip", "link", "set", "enp0s3", "mtu", "9000")
    try:
        until(lambda: watched.stays() == set(), 60, "an uplink that fits")
    finally:
        clean_host.run("ip", "link", "set", "enp0s3", "mtu", "1500")


def test_a_route_into_a_subnet_over_the_uplink_is_found(watched: Watched, clean_host: PrivateHost) -> None:
    create(clean_host, "front", "172.30.0.0/16")
    create(clean_host, "lan", "192.0.2.0/24", driver="macvlan", options={"parent": "enp0s3"})
    until(lambda: len(watched.topology().bridges) == 2, 60, "two bridges")
    assert watched.stays() == set()
    for route in ("172.30.9.0/24", "172.16.0.0/12"):
        clean_host.run("ip", "route", "add", route, "via", "192.0.2.1")
        wider = {("subnet_overlap", "bridge", "172.17.0.0/16")} if route.endswith("/12") else set()
        assert watched.stays() == {("subnet_overlap", "front", "172.30.0.0/16"), *wider}
        clean_host.run("ip", "route", "delete", route)
    for half in ("0.0.0.0/1", "128.0.0.0/1"):
        clean_host.run("ip", "route", "add", half, "via", "192.0.2.1")
    assert watched.stays() == set()
    for half in ("0.0.0.0/1", "128.0.0.0/1"):
        clean_host.run("ip", "route", "delete", half)


def test_a_network_without_addresses_is_found_and_the_engine_agrees(watched: Watched, clean_host: PrivateHost) -> None:
    create(clean_host, "small", "10.50.0.0/29")
    for number in range(4):
        run(clean_host, f"c{number}", "small")
    until(lambda: watched.look(0.0).addresses[-1].available == 1, 60, "one address left")
    assert watched.stays() == set()
    run(clean_host, "c4", "small")
    until(lambda: watched.stays() == {("addresses_low", "small", "10.50.0.0/29")}, 60, "no address left")
    with pytest.raises(Exception, match="available"):
        run(clean_host, "c5", "small")
    clean_host.client().containers.get("c5").remove()
    clean_host.client().containers.get("c0").remove(force=True)
    until(lambda: watched.stays() == set(), 60, "one address free")


def test_two_containers_with_one_mac_address_are_found(watched: Watched, clean_host: PrivateHost) -> None:
    if clean_host.engine.suite in BUILT:
        pytest.skip("this engine does not accept an address of the container")
    create(clean_host, "front")
    for name in ("one", "two"):
        run(clean_host, name, "front", mac_address="02:00:00:00:00:01")
    expected = {("duplicate_address", "front", "02:00:00:00:00:01")}
    until(lambda: watched.stays() == expected, 60, "two with one address")
    clean_host.client().containers.get("one").stop()
    until(lambda: watched.stays() == set(), 60, "one with one address")


def test_static_addresses_that_two_have_or_that_docker_may_give_away_are_found(
    watched: Watched, clean_host: PrivateHost
) -> None:
    """Neither container was ever started: only the list of all containers tells."""
    create(clean_host, "front", "10.51.0.0/24", iprange="10.51.0.128/25")
    configure(clean_host, "one", "front", "10.51.0.10")
    until(lambda: watched.topology().inventory.containers, 60, "the first container")
    until(lambda: len(watched.topology().bridges) == 2, 60, "two bridges")
    assert watched.stays() == set()
    configure(clean_host, "two", "front", "10.51.0.10")
    configure(clean_host, "three", "front", "10.51.0.130")
    expected = {("duplicate_address", "front", "10.51.0.10"), ("static_address_in_range", "front", "three")}
    until(lambda: watched.stays() == expected, 60, "both faults")


def test_a_veth_on_a_bridge_that_belongs_to_nobody_is_found(watched: Watched, clean_host: PrivateHost) -> None:
    run(clean_host, "web")
    until(lambda: len(watched.topology().counted) == 1, 60, "the container's veth")
    clean_host.run("ip", "link", "add", "stray0", "type", "veth", "peer", "name", "stray1")
    clean_host.run("ip", "link", "set", "stray0", "master", "docker0", "up")
    until(lambda: watched.stays() == {("orphan_veth", "bridge", "stray0")}, 60, "an orphan")
    clean_host.run("ip", "link", "delete", "stray0")
    until(lambda: watched.stays() == set(), 60, "no orphan")


def test_a_veth_that_is_down_or_off_its_bridge_is_found(watched: Watched, clean_host: PrivateHost) -> None:
    create(clean_host, "front")
    front, back = run(clean_host, "web", "front"), create(clean_host, "back")
    back.connect(front)
    until(lambda: len(watched.topology().counted) == 2, 60, "both veths")
    assert watched.stays() == set()
    bridge = next(b.link.name for b in watched.topology().bridges if b.network.name == "back")
    veth = port_of(clean_host, bridge)
    expected = {("detached_veth", "back", "web")}
    for spoil, mend in ((["down"], ["up"]), (["nomaster"], ["master", bridge])):
        clean_host.run("ip", "link", "set", veth, *spoil)
        until(lambda: watched.stays() == expected, 60, f"a veth that is {spoil}")
        clean_host.run("ip", "link", "set", veth, *mend)
        until(lambda: watched.stays() == set(), 60, f"a veth that is {mend}")


def looked_up_anew(watched: Watched, former: FibReading) -> bool:
    """Look; whether the results of route lookups are others than the former ones."""
    watched.stays()
    return watched.lookups() != former


def test_a_bridge_that_is_down_or_without_its_address_is_found(watched: Watched, clean_host: PrivateHost) -> None:
    create(clean_host, "front")
    run(clean_host, "web", "front")
    until(lambda: watched.topology().counted, 60, "the container's veth")
    assert watched.stays() == set()
    [front] = [b for b in watched.topology().bridges if b.network.name == "front"]
    bridge, subnet = front.link.name, front.network.subnets[0]
    address = f"{subnet.gateway}/{subnet.subnet.partition('/')[2]}"
    expected = {("bridge_down", "front", bridge)}
    for spoil, mend in (
        (["link", "set", bridge, "down"], ["link", "set", bridge, "up"]),
        (["address", "flush", "dev", bridge], ["address", "add", address, "dev", bridge]),
    ):
        lookups = watched.lookups()
        clean_host.run("ip", *spoil)
        until(lambda: watched.stays() == expected, 60, f"a bridge after {spoil}")
        until(partial(looked_up_anew, watched, lookups), 60, "lookups without the bridge")
        assert watched.stays() == expected
        clean_host.run("ip", *mend)
        until(lambda: watched.stays() == set(), 60, f"a bridge after {mend}")


def test_a_bridge_with_few_ports_left_is_found(new_host: Callable[..., PrivateHost]) -> None:
    """On a host of its own, for the kernel takes ten seconds to remove so many devices."""
    host = new_host().start()
    pairs = [(f"left{number}", f"right{number}") for number in range(461)]
    made = "".join(f"link add {a} type veth peer name {b}\n" for a, b in pairs)
    host.run("ip", "-batch", "-", stdin=made, timeout=MANY_SECONDS)
    with Watched(host) as looking:
        assert looking.stays() == set()
        ports = "".join(f"link set {port} master docker0\n" for pair in pairs for port in pair)
        host.run("ip", "-batch", "-", stdin=ports, timeout=MANY_SECONDS)
        until(lambda: ("bridge_full", "bridge", "docker0") in looking.stays(), 60, "a full bridge")


@contextmanager
def broken_store(host: PrivateHost, log: Path) -> Iterator[None]:
    """Let the engine fail to write down what becomes of its networks, as on a disk with a fault."""
    engine = host.docker_url.removeprefix("unix://").replace("docker.sock", "pid")
    store = f"{DATA_ROOT}/network/files/local-kv.db"
    fault = ("-P", store, "-e", "trace=pwrite64", "-e", "inject=pwrite64:error=EIO", "-o", "/dev/null")
    with log.open("wb") as said:
        tracer = host.popen(str(tool("strace")), "-f", "-p", Path(engine).read_text(), *fault, stderr=said)
    try:
        until(lambda: tracer.poll() is not None or "attached" in log.read_text(), 60, "a traced engine")
        assert tracer.poll() is None, log.read_text()
        yield
    finally:
        tracer.send_signal(signal.SIGINT)
        tracer.wait(60)


def test_an_endpoint_that_the_engine_could_not_forget_is_found(
    watched: Watched, clean_host: PrivateHost, tmp_path: Path
) -> None:
    """Its container is gone, and no other can have its name on that network."""
    front = create(clean_host, "front")
    for name in ("web", "db"):
        run(clean_host, name, "front")
    until(lambda: len(watched.topology().counted) == 2, 60, "both containers")
    assert watched.stays() == set()
    with broken_store(clean_host, tmp_path / "strace"):
        clean_host.client().containers.get("db").remove(force=True)
    until(lambda: watched.stays() == {("ghost_endpoint", "front", "db")}, 60, "an endpoint without a container")
    with pytest.raises(APIError, match="endpoint with name db already exists"):
        run(clean_host, "db", "front")
    clean_host.client().containers.get("db").remove()
    front.disconnect("db", force=True)  # of which the engine tells by no event
    run(clean_host, "db", "front")
    until(lambda: len(watched.topology().counted) == 2, 60, "the same name again")
    until(lambda: watched.stays() == set(), 60, "no fault")


def forget_connections(host: PrivateHost) -> None:
    """`conntrack --flush` (linux/netfilter/nfnetlink_conntrack.h: IPCTNL_MSG_CT_DELETE, acknowledged)."""
    with host.netns(), socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER) as sock:
        sock.send(message(CONNTRACK_DELETE, NLM_F_ACK, bytes(4)))
        sock.recv(MAX_DATAGRAM)


@pytest.mark.parametrize("host", ["bookworm"], indirect=True, ids=["20.10.24"])
def test_a_connection_table_that_is_nearly_full_is_found(watched: Watched, clean_host: PrivateHost) -> None:
    """The limit is one for the machine and not a namespace's to set; the entries are the namespace's own."""
    run(clean_host, "web")  # nothing is tracked before there is a rule that asks for it
    before = watched.look(0.0)
    assert before.conntrack is not None
    assert before.evaluation.findings == ()
    if before.conntrack.limit > MOST_CONNECTIONS:
        pytest.skip(f"{before.conntrack.limit} connections are too many to make")
    flood = (
        "import pathlib, socket\n"
        f"setting = pathlib.Path('{UDP_SECONDS}')\n"
        "usual = setting.read_text()\n"
        "setting.write_text('600')\n"  # so that the first is known still when the last is made
        f"for _ in range({before.conntrack.limit * 19 // 20 // PORTS}):\n"
        "    sock = socket.socket(type=socket.SOCK_DGRAM)\n"
        f"    for port in range(1000, {1000 + PORTS}): sock.sendto(b'x', ('192.0.2.1', port))\n"
        "setting.write_text(usual)"
    )
    clean_host.run("python3", "-c", flood, timeout=MANY_SECONDS)
    full = watched.look(1.0)
    assert full.conntrack is not None
    assert 0.9 * full.conntrack.limit < full.conntrack.entries < full.conntrack.limit
    assert [finding.kind for finding in full.evaluation.findings] == ["conntrack_full"]
    forget_connections(clean_host)
    assert watched.look(2.0).evaluation.findings == ()


def churn(host: PrivateHost, name: str, enough: Event) -> int:
    """Make, restart, move and remove one container again and again; how often."""
    client, lives = host.client(), 0
    back = client.networks.get("back")
    while not (lives and enough.is_set()):
        container = client.containers.run(IMAGE, ["sleep", "1000"], name=name, network="front", detach=True)
        back.connect(container)
        container.restart()
        back.disconnect(container)
        container.remove(force=True)
        lives += 1
    return lives


def test_coming_and_going_is_no_fault(watched: Watched, clean_host: PrivateHost) -> None:
    for name in ("front", "back"):
        create(clean_host, name)
    deadline = time.monotonic() + CHURN_SECONDS
    looks, enough = 0, Event()
    with ThreadPoolExecutor(3) as pool:
        lives = [pool.submit(churn, clean_host, f"c{number}", enough) for number in range(3)]
        try:
            while not all(life.done() for life in lives):
                assert watched.look(time.monotonic()).evaluation.findings == ()
                looks += 1
                if looks > CHURN_LOOKS and time.monotonic() > deadline:
                    enough.set()
        finally:
            enough.set()
    assert sum(life.result() for life in lives) >= 3
    assert looks > CHURN_LOOKS
