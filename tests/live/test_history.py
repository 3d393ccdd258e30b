"""Changes on a real engine: each is in the history once, within two seconds, with what was before and what is after."""

import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import pytest

from tests.support.live.exposed import Exporter
from tests.support.live.shop import IMAGE
from tests.support.private_host.host import PrivateHost
from tests.support.program import on_this_machine
from tests.support.waiting import until

ONE_ENGINE = pytest.mark.parametrize("host", ["trixie"], indirect=True)
# What Docker writes for a network or a container, and findings about what was planted.
CONSEQUENCES = frozenset({"rules_added", "rules_removed", "finding_began", "finding_ended"})
RUN = {"image": IMAGE, "command": ["httpd", "-f", "-p", "80"], "detach": True, "name": "web"}


class Entry(NamedTuple):
    """An entry of the history without its time."""

    kind: str
    subject: str
    before: str
    after: str


class Host:
    """A host with an exporter that starts beside a running container."""

    def __init__(self, host: PrivateHost, exporter: Exporter, soon: float) -> None:
        self.host, self._exporter, self._soon = host, exporter, soon

    def history(self, query: str = "") -> list[dict[str, Any]]:
        """All entries that the query selects."""
        status, body = self._exporter.get(f"/api/v1/history{query}")
        assert status == 200, body
        found: list[dict[str, Any]] = json.loads(body)["changes"]
        return found

    def log(self) -> list[dict[str, Any]]:
        """The entries of the log."""
        return self._exporter.log()

    def entries(self, *, consequences: bool = False) -> list[Entry]:
        """The entries as planted."""
        rows = [row for row in self.history() if row["kind"] != "exporter_started"]
        found = [Entry(row["kind"], row["subject"], row["before"], row["after"]) for row in rows]
        return [entry for entry in found if consequences or entry.kind not in CONSEQUENCES]

    def plant(self, change: Callable[[], object], *expected: Entry) -> None:
        """Change something, and wait for exactly these entries."""
        before = len(self.entries())
        change()
        until(lambda: len(self.entries()) >= before + len(expected), self._soon, f"{expected}, but {self.entries()}")
        # stable: a socket may be seen before the inspect of its container, all else stands in its order
        found = sorted(self.entries()[before:], key=lambda entry: entry.kind.startswith("listener_"))
        assert found == list(expected)


@pytest.fixture
def planted(clean_host: PrivateHost) -> Iterator[Host]:
    # On every address the engine opens and closes two listeners, and a sample may be taken between them.
    clean_host.client().containers.run(**RUN, ports={"80/tcp": ("0.0.0.0", 8080)})
    began = time.monotonic()
    with Exporter(clean_host) as exporter:
        exporter.metrics()
        yield Host(clean_host, exporter, on_this_machine(2.0, began))


def address(host: PrivateHost, network: str) -> str:
    """The address of web."""
    networks = host.client().containers.get("web").attrs["NetworkSettings"]["Networks"]
    return str(networks[network]["IPAddress"])


@ONE_ENGINE
def test_each_change_is_listed_once_with_before_and_after(planted: Host) -> None:
    docker, run = planted.host.client(), planted.host.run
    web = docker.containers.get("web")
    front = "bridge, 172.30.0.0/24"
    pool = {"Config": [{"Subnet": "172.30.0.0/24"}]}
    planted.plant(
        lambda: docker.networks.create("front", driver="bridge", ipam=pool),
        Entry("network_created", "front", "", front),
    )
    network = docker.networks.get("front")
    planted.plant(
        lambda: network.connect(web, ipv4_address="172.30.0.9"), Entry("endpoint_connected", "web", "", "172.30.0.9")
    )
    planted.plant(lambda: network.disconnect(web), Entry("endpoint_disconnected", "web", "172.30.0.9", ""))
    planted.plant(
        lambda: network.connect(web, ipv4_address="172.30.0.7"),
        Entry("endpoint_connected", "web", "", "172.30.0.7"),
        Entry("address_changed", "web", "172.30.0.9", "172.30.0.7"),
    )
    planted.plant(lambda: network.disconnect(web), Entry("endpoint_disconnected", "web", "172.30.0.7", ""))
    planted.plant(network.remove, Entry("network_removed", "front", front, ""))
    planted.plant(lambda: web.rename("shop"), Entry("container_renamed", "shop", "web", "shop"))
    planted.plant(web.pause, Entry("container_paused", "shop", "running", "paused"))
    planted.plant(web.unpause, Entry("container_unpaused", "shop", "paused", "running"))
    listening = "tcp 0.0.0.0:8080"
    planted.plant(
        lambda: web.kill("KILL"),
        Entry("container_died", "shop", "running", "exit code 137 (SIGKILL)"),
        Entry("listener_closed", "shop", listening, ""),
    )
    planted.plant(
        web.start,
        Entry("container_started", "shop", "exited", "running"),
        Entry("listener_opened", "shop", "", listening),
    )
    there, up, smaller = "203.0.113.0/24", "up, 172.17.0.1, mtu 1500", "up, 172.17.0.1, mtu 1400"
    route, mtu = (there, "dev", "docker0"), ("ip", "link", "set", "docker0", "mtu")
    planted.plant(lambda: run("ip", "route", "add", *route), Entry("route_changed", there, "", "dev docker0"))
    planted.plant(lambda: run("ip", "route", "del", *route), Entry("route_changed", there, "dev docker0", ""))
    planted.plant(lambda: run(*mtu, "1400"), Entry("bridge_changed", "docker0", up, smaller))
    planted.plant(lambda: run(*mtu, "1500"), Entry("bridge_changed", "docker0", smaller, up))
    times = [row["time"] for row in planted.history()]
    assert times == sorted(times)
    assert {row["kind"] for row in planted.history("?kind=container_died&container=shop")} == {"container_died"}


@ONE_ENGINE
def test_changes_of_routes_addresses_devices_and_further_containers_are_listed_once(planted: Host) -> None:
    docker, ip = planted.host.client(), partial(planted.host.run, "ip")
    there, bridge, up = "203.0.113.0/24", "docker0", "up, 172.17.0.1, mtu 1500"
    first, second = (f"via 172.17.0.{last} dev docker0" for last in (9, 8))
    route = ("route", "replace", there, "via")
    planted.plant(lambda: ip(*route, "172.17.0.9"), Entry("route_changed", there, "", first))
    planted.plant(lambda: ip(*route, "172.17.0.8"), Entry("route_changed", there, first, second))
    planted.plant(lambda: ip("route", "del", there), Entry("route_changed", there, second, ""))
    more = "up, 10.9.0.1, 172.17.0.1, mtu 1500"
    address = ("10.9.0.1/32", "dev", bridge)
    planted.plant(lambda: ip("address", "add", *address), Entry("bridge_changed", bridge, up, more))
    planted.plant(lambda: ip("address", "del", *address), Entry("bridge_changed", bridge, more, up))
    pool = {"Config": [{"Subnet": "172.31.0.0/24"}]}
    inner = "bridge, 172.31.0.0/24"
    planted.plant(
        lambda: docker.networks.create("inner", internal=True, ipam=pool), Entry("network_created", "inner", "", inner)
    )
    network = docker.networks.get("inner")
    place = "172.31.0.9"
    planted.plant(lambda: network.connect("web", ipv4_address=place), Entry("endpoint_connected", "web", "", place))
    planted.plant(lambda: network.disconnect("web"), Entry("endpoint_disconnected", "web", place, ""))
    planted.plant(network.remove, Entry("network_removed", "inner", inner, ""))
    serve = {"image": IMAGE, "command": ["httpd", "-f", "-p", "8091"], "network_mode": "host"}
    hostmode = docker.containers.create(**serve, name="hostmode")
    started = Entry("container_started", "hostmode", "created", "running")
    planted.plant(hostmode.start, started, Entry("listener_opened", "hostmode", "", "tcp [::]:8091"))
    planted.plant(
        lambda: hostmode.remove(force=True),
        Entry("container_died", "hostmode", "running", "exit code 137 (SIGKILL)"),
        Entry("listener_closed", "hostmode", "tcp [::]:8091", ""),
    )
    three = docker.containers.create(IMAGE, ["sh", "-c", "sleep 0.5; exit 3"], name="three")
    planted.plant(
        three.start,
        Entry("container_started", "three", "created", "running"),
        Entry("container_died", "three", "running", "exit code 3"),
    )
    planted.plant(three.remove)  # no change: it had ended
    planted.plant(lambda: ip(*route, "172.17.0.9"), Entry("route_changed", there, "", first))
    planted.plant(lambda: ip("route", "del", there), Entry("route_changed", there, first, ""))


@ONE_ENGINE
def test_a_flush_names_the_process_and_its_finding_begins_and_ends_in_history_and_log(planted: Host) -> None:
    saved = planted.host.run("iptables-save", "-t", "nat").stdout
    before = len(planted.entries(consequences=True))
    planted.host.run("iptables", "-t", "nat", "-F")
    until(lambda: len(planted.entries(consequences=True)) > before, 10, "the flush")
    (row,) = planted.history("?kind=rules_removed")
    assert row["by"].startswith("iptables")
    assert "ip nat DOCKER" in row["detail"]
    until(lambda: planted.history("?kind=missing_dnat"), 60, "the finding")
    planted.host.run("iptables-restore", "-T", "nat", stdin=saved)
    until(lambda: len(planted.history("?kind=missing_dnat")) == 2, 60, "its end")
    assert [row["kind"] for row in planted.history("?kind=missing_dnat")] == ["finding_began", "finding_ended"]
    logged = [entry["event"] for entry in planted.log() if entry.get("kind") == "missing_dnat"]
    assert logged == ["finding began", "finding ended"]


@ONE_ENGINE
def test_an_engine_that_dies_and_returns_is_two_entries_and_a_quiet_host_none(clean_host: PrivateHost) -> None:
    clean_host.client().containers.run(**RUN)
    began = time.monotonic()
    with Exporter(clean_host) as exporter:
        planted = Host(clean_host, exporter, on_this_machine(2.0, began))
        for _ in range(5):
            exporter.metrics()
        assert planted.entries(consequences=True) == []
        clean_host.kill()
        until(lambda: [e.kind for e in planted.entries()] == ["engine_lost"], 20, "the engine's end")
        clean_host.start()
        until(lambda: len(planted.entries()) >= 3, 60, "the engine's return")
        assert sorted(entry.kind for entry in planted.entries()) == ["container_died", "engine_lost", "engine_returned"]
