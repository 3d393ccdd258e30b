"""Containers that live between two scrapes: not a byte of theirs is lost."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.live.exposed import Exporter
from tests.support.live.shop import IMAGE
from tests.support.private_host.host import PrivateHost
from tests.support.waiting import until

ARP, TOO_EARLY = 42, 3  # bytes of a question, and how many containers of all may be so quick
ETHERNET_HEADER = 14
# The pause lets the bridge open the new port: what comes before is dropped there, counted by the veth and not by the
# truth.
SEND = "usleep 100000; ping -q -c 3 -i 0.1 -s {size} {target} >/dev/null"


class Wire:
    """The only network with containers, and an nftables counter of all that bridges take from their ports."""

    def __init__(self, host: PrivateHost) -> None:
        self.host = host
        self.network = host.client().networks.create("front")
        host.run("nft", "add table bridge truth")
        host.run("nft", "add chain bridge truth prerouting { type filter hook prerouting priority -300; }")
        host.run("nft", 'add rule bridge truth prerouting iifname "veth*" counter')

    def sent(self) -> tuple[int, int]:
        """Packets, and bytes with their Ethernet headers, which nftables does not count."""
        listing = json.loads(self.host.run("nft", "-j", "list", "table", "bridge", "truth").stdout)
        (rule,) = [row["rule"] for row in listing["nftables"] if "rule" in row]
        (counter,) = [part["counter"] for part in rule["expr"] if "counter" in part]
        return counter["packets"], counter["bytes"] + ETHERNET_HEADER * counter["packets"]

    def close(self) -> None:
        """Take the counter away."""
        self.host.run("nft", "delete table bridge truth")


@pytest.fixture
def wire(clean_host: PrivateHost) -> Iterator[Wire]:
    made = Wire(clean_host)
    yield made
    made.close()


@pytest.fixture
def exporter(wire: Wire) -> Iterator[Exporter]:
    with Exporter(wire.host) as running:
        yield running


def counted(exporter: Exporter) -> tuple[int, int]:
    metrics = exporter.metrics()
    return (
        int(metrics.value("dockernet_network_transmit_packets_total", network="front") or 0),
        int(metrics.value("dockernet_network_transmit_bytes_total", network="front") or 0),
    )


def agrees(exporter: Exporter, wire: Wire) -> None:
    """A container that has just begun may ask who has an address before its port forwards: no bridge counts that."""

    def agreed() -> bool:
        (packets, size), (sent_packets, sent_size) = counted(exporter), wire.sent()
        return 0 <= packets - sent_packets <= TOO_EARLY and size - sent_size == ARP * (packets - sent_packets)

    until(agreed, 60, "the packets and bytes of the wire")


def run(host: PrivateHost, command: str, **options: Any) -> Any:
    return host.client().containers.run(IMAGE, ["sh", "-c", command], network="front", detach=True, **options)


@pytest.fixture
def sink(wire: Wire) -> str:
    """Address of a container that answers."""
    sink = run(wire.host, "exec sleep 1000", name="sink")
    sink.reload()
    # It asks nobody whether they are still there: an address is soon another's, and that one would answer too early.
    late = "echo 600 >/proc/sys/net/ipv4/neigh/eth0/delay_first_probe_time"
    wire.host.run("nsenter", "-t", str(sink.attrs["State"]["Pid"]), "-n", "sh", "-c", late)
    return str(sink.attrs["NetworkSettings"]["Networks"]["front"]["IPAddress"])


def live_once(host: PrivateHost, number: int, sink: str) -> None:
    """One life of about a third of a second, removed at its end."""
    command = SEND.format(size=1000 + number, target=sink)
    client = host.api()
    config = client.create_host_config(auto_remove=True, network_mode="front")
    made = client.create_container(IMAGE, ["sh", "-c", command], host_config=config, name=f"brief-{number}")
    client.start(made["Id"])


def gone(host: PrivateHost) -> Callable[[], bool]:
    client = host.api()
    return lambda: not client.containers(all=True, filters={"name": "brief"})


@pytest.mark.timeout(400)
def test_a_hundred_lives_of_a_third_of_a_second_are_counted_to_the_byte(
    wire: Wire, exporter: Exporter, sink: str
) -> None:
    exporter.metrics()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: live_once(wire.host, number, sink), range(100)))
    until(gone(wire.host), 120, "all lives ended")
    agrees(exporter, wire)
    assert wire.sent()[1] > 100 * 3 * 1000
    assert exporter.metrics().value("dockernet_link_listener_overflows_total") == 0


@pytest.mark.parametrize("stalled", [False, True], ids=["listening", "stalled"])
def test_forty_lives_that_end_at_once_are_counted_to_the_byte(
    wire: Wire,
    exporter: Exporter,
    sink: str,
    stalled: bool,  # noqa: FBT001  the case
) -> None:
    """Stalled: the whole exporter is stopped while they end."""
    with ThreadPoolExecutor(8) as pool:
        command = SEND.format(size=1400, target=sink) + "; sleep 1000"
        made = list(pool.map(lambda number: run(wire.host, command, name=f"brief-{number}"), range(40)))
    if stalled:
        os.kill(exporter.process.pid, signal.SIGSTOP)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda container: container.remove(force=True), made))
    until(gone(wire.host), 60, "all removed")
    if stalled:
        os.kill(exporter.process.pid, signal.SIGCONT)
    agrees(exporter, wire)


def test_the_lives_of_a_crash_looping_container_add_up(wire: Wire, exporter: Exporter, sink: str) -> None:
    """Each life sends the same; the endpoint's counter, when a scrape catches it alive, has all of them."""
    loop = run(wire.host, SEND.format(size=1400, target=sink), name="loop", restart_policy={"Name": "always"})
    until(lambda: wire.host.api().inspect_container(loop.id)["RestartCount"] >= 4, 60, "four restarts")

    def added_up() -> bool:
        value = exporter.metrics().value("dockernet_endpoint_transmit_bytes_total", container="loop", network="front")
        return (value or 0) > 4 * 3 * 1400

    until(added_up, 90, "a reading with more than four lives")
