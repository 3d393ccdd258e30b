"""Networks whose containers have no veth on the host, and what crosses a bridge."""

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.live.exposed import Exporter, inside
from tests.support.live.shop import run, send
from tests.support.live.swarm import swarm
from tests.support.private_host.engines import tool
from tests.support.private_host.host import PrivateHost
from tests.support.private_host.uplink import DEVICE
from tests.support.waiting import until


@pytest.fixture
def exporter(clean_host: PrivateHost) -> Iterator[Exporter]:
    with Exporter(clean_host) as running:
        yield running


def macvlan(host: PrivateHost) -> Any:
    return host.api().create_network(
        "lan",
        driver="macvlan",
        options={"parent": DEVICE},
        ipam={"Driver": "default", "Config": [{"Subnet": "198.51.100.0/24"}]},
    )


def agree(exporter: Exporter, container: Any, network: str, interface: str) -> None:
    """Wait until the endpoint's counters are the container's own."""

    def equal() -> bool:
        exposed = exporter.metrics().counters("endpoint", container=container.name, network=network)
        return exposed == inside(container)[interface]

    until(equal, 30, f"equal counters of {container.name}")


def knows_two(exporter: Exporter) -> None:
    """Wait until two endpoints are counted."""
    family = "dockernet_endpoint_receive_bytes_total"
    until(lambda: len(exporter.metrics().series(family)) == 2, 30, "two endpoints")


def received_by(server: socket.socket) -> int:
    """Take one connection to its end; how many bytes came."""
    server.settimeout(60)
    connection, _ = server.accept()
    with connection:
        connection.settimeout(60)
        return sum(map(len, iter(lambda: connection.recv(1 << 16), b"")))


def test_two_macvlan_containers_are_counted_exactly(clean_host: PrivateHost, exporter: Exporter) -> None:
    macvlan(clean_host)
    one, two = run(clean_host, "one", network="lan"), run(clean_host, "two", network="lan")
    send(one, two, 5_000_000, "lan")
    agree(exporter, one, "lan", "eth0")
    agree(exporter, two, "lan", "eth0")
    metrics = exporter.metrics()
    received = metrics.value("dockernet_endpoint_receive_bytes_total", container="two", network="lan")
    assert 5_000_000 < (received or 0) < 5_400_000
    assert metrics.label("dockernet_endpoint_info", "interface", container="two") == "eth0"
    assert metrics.label("dockernet_endpoint_info", "veth", container="two") == ""


def test_the_last_bytes_of_a_macvlan_container_are_counted(clean_host: PrivateHost, exporter: Exporter) -> None:
    """Nothing scrapes between what it sends and its end."""
    macvlan(clean_host)
    one, two = run(clean_host, "one", network="lan"), run(clean_host, "two", network="lan")
    knows_two(exporter)
    send(one, two, 700_000, "lan")
    sent = inside(one)["eth0"]["transmit_bytes"]
    received = inside(two)["eth0"]["transmit_bytes"]
    one.restart()
    two.remove(force=True)

    def counted() -> bool:
        metrics = exporter.metrics()
        total = metrics.value("dockernet_network_transmit_bytes_total", network="lan") or 0
        again = metrics.value("dockernet_endpoint_transmit_bytes_total", container="one", network="lan") or 0
        return total >= sent + received and again >= sent

    until(counted, 30, f"{sent} bytes and more")
    assert (exporter.metrics().value("dockernet_network_transmit_bytes_total", network="lan") or 0) < 1.5 * sent


def test_a_container_on_a_bridge_and_a_macvlan_has_both(clean_host: PrivateHost, exporter: Exporter) -> None:
    lan = macvlan(clean_host)
    both = run(clean_host, "both")
    clean_host.api().connect_container_to_network("both", lan["Id"])
    run(clean_host, "sharer", network_mode="container:both")
    knows_two(exporter)
    agree(exporter, both, "bridge", "eth0")
    agree(exporter, both, "lan", "eth1")


def test_internal_and_external_bytes_are_split_exactly_without_offload(
    clean_host: PrivateHost, exporter: Exporter
) -> None:
    """20 MB from container to container and 10 MB to the host."""
    clean_host.client().networks.create("front")
    one, two = run(clean_host, "one", network="front"), run(clean_host, "two", network="front")
    for container in (one, two):
        container.reload()
        pid = str(container.attrs["State"]["Pid"])
        clean_host.run(
            "nsenter", "-t", pid, "-n", str(tool("ethtool")), "-K", "eth0", "gso", "off", "tso", "off", "gro", "off"
        )
    knows_two(exporter)
    before = splits(exporter)
    send(one, two, 20_000_000, "front")
    sent_inside = inside(one)["eth0"]["transmit_bytes"] + inside(two)["eth0"]["transmit_bytes"]
    between = splits(exporter)
    assert between["internal"] - before["internal"] > 20_000_000
    gateway = one.attrs["NetworkSettings"]["Networks"]["front"]["Gateway"]
    with clean_host.netns():
        server = socket.create_server((gateway, 7778))
    with server:
        one.exec_run(["sh", "-c", f"head -c 10000000 /dev/zero | nc {gateway} 7778"], detach=True)
        assert received_by(server) == 10_000_000
    after = splits(exporter)
    assert after["external_transmit"] - between["external_transmit"] > 10_000_000
    assert (after["internal"] - between["internal"]) < 10_000
    everything = inside(one)["eth0"]["transmit_bytes"] + inside(two)["eth0"]["transmit_bytes"]
    assert everything > sent_inside

    def adds_up() -> bool:
        sent = inside(one)["eth0"]["transmit_bytes"] + inside(two)["eth0"]["transmit_bytes"]
        now = splits(exporter)
        return now["internal"] + now["external_transmit"] == sent

    until(adds_up, 30, "internal and external make up what the containers sent")


def splits(exporter: Exporter) -> dict[str, float]:
    metrics = exporter.metrics()
    names = ("external_receive", "external_transmit", "internal")
    return {name: metrics.value(f"dockernet_network_{name}_bytes_total", network="front") or 0 for name in names}


def test_an_overlay_joins_two_hosts_and_both_count_their_own(new_host: Callable[..., PrivateHost]) -> None:
    manager, worker = swarm(new_host)
    manager.client().networks.create("ov", driver="overlay", attachable=True)
    one = run(manager, "one", network="ov")
    two = run(worker, "two", network="ov")
    two.reload()
    ping = ["ping", "-c", "1", "-W", "5", two.attrs["NetworkSettings"]["Networks"]["ov"]["IPAddress"]]
    until(lambda: one.exec_run(ping).exit_code == 0, 60, "a way from one node to the other")
    with Exporter(manager) as here, Exporter(worker) as there:
        send(one, two, 5_000_000, "ov")
        agree(here, one, "ov", "eth0")
        agree(there, two, "ov", "eth0")
        received = there.metrics().value("dockernet_endpoint_receive_bytes_total", container="two", network="ov")
        assert 5_000_000 < (received or 0) < 5_500_000
        gateway = here.metrics().series("dockernet_endpoint_receive_bytes_total", network="docker_gwbridge")
        assert [labels["container"] for labels, _ in gateway] == ["one"]
        worker.kill()
        until(lambda: there.metrics().value("dockernet_up") == 0, 30, "down")
        agree(here, one, "ov", "eth0")
        agree(there, two, "ov", "eth0")
