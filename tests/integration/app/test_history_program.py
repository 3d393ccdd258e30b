"""The program records changes that nothing requests, of an engine and of a real kernel, within two seconds."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from exporter.docker_engine.parse import parse_network
from tests.support.fake_engine import FakeEngine
from tests.support.kernel.captured_nat_hosts import run
from tests.support.kernel.own_namespace import ip, own_namespace
from tests.support.program import get, listening, on_this_machine, started
from tests.support.waiting import until

SECONDS = 60
SOON = 2.0
RULES = """\
table ip nat {
  chain DOCKER { tcp dport 8080 counter dnat to 172.17.0.2:80; }
  chain PREROUTING { type nat hook prerouting priority -100; jump DOCKER; }
}
"""


class Planted(NamedTuple):
    """What must be listed: kind, subject, before, after."""

    kind: str
    subject: str
    before: str
    after: str


class Host:
    """An engine, a kernel and the program: Docker's rules are missing there, so findings begin after their seconds."""

    def __init__(self, engine: FakeEngine, address: str, soon: float) -> None:
        self.engine, self._address, self._soon = engine, address, soon
        self._times: list[tuple[Planted, float]] = []
        network = parse_network(engine.networks["bridge-net"])
        self.bridge, self.gateway = network.bridge, network.subnets[0].gateway

    def history(self, query: str = "") -> list[dict[str, Any]]:
        """The entries without the start and the findings."""
        changes = json.loads(get(self._address, f"/api/v1/history{query}")[1])["changes"]
        return [row for row in changes if row["kind"] not in ("exporter_started", "finding_began", "finding_ended")]

    def plant(self, change: Callable[[], object], *entries: Planted) -> None:
        """Change something, and request nothing."""
        self._times += [(entry, time.time()) for entry in entries]
        change()

    def check(self) -> None:
        """Wait for the time in which all must be listed, and compare."""
        end = time.monotonic() + self._soon
        until(lambda: time.monotonic() > end, self._soon + SECONDS, "the time of an observation")
        rows = self.history()
        listed = [Planted(row["kind"], row["subject"], row["before"], row["after"]) for row in rows]
        assert sorted(listed) == sorted(entry for entry, _ in self._times)
        seen = {entry: row["time"] for entry, row in zip(listed, rows, strict=True)}
        late = {entry: seen[entry] - planted for entry, planted in self._times if seen[entry] - planted > self._soon}
        assert late == {}


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    with own_namespace(), FakeEngine(tmp_path) as engine:
        network = parse_network(engine.networks["bridge-net"])
        for command in (
            *("link set lo up", "link add eth0 type veth peer name far", "link set far up", "link set eth0 up"),
            "address add 192.0.2.10/24 dev eth0",
            "route add default via 192.0.2.1",
            f"link add {network.bridge} type bridge",
            f"link set {network.bridge} up",
            *(f"address add {subnet.gateway}/16 dev {network.bridge}" for subnet in network.subnets),
        ):
            ip(command)
        engine.appear_silently("web")
        engine.appear()
        with program(engine.url) as (address, soon):
            made = Host(engine, address, soon)
            assert made.history() == []
            yield made


@contextmanager
def program(url: str) -> Iterator[tuple[str, float]]:
    began = time.monotonic()
    with started("--web.listen-address", "127.0.0.1:9714", "--docker.host", url) as process:
        address = listening(process)
        soon = on_this_machine(SOON, began)
        until(lambda: get(address, "/-/ready")[0] == 200, SECONDS, "a ready exporter")
        get(address, "/metrics")
        yield address, soon


@pytest.mark.timeout(600)
def test_each_change_is_listed_once_without_a_request(host: Host) -> None:
    engine, bridge, address = host.engine, host.bridge, "192.0.2.10"
    up = f"up, {address}, mtu 1500"
    host.plant(lambda: engine.run("db"), Planted("container_started", "db", "", "running"))
    host.plant(lambda: engine.rename("web", "shop"), Planted("container_renamed", "shop", "web", "shop"))
    host.plant(lambda: ip("link set eth0 mtu 1400"), Planted("uplink_changed", "eth0", up, f"up, {address}, mtu 1400"))
    host.plant(
        lambda: ip(f"link set {bridge} mtu 1400"),
        Planted("bridge_changed", bridge, f"up, {host.gateway}, mtu 1500", f"up, {host.gateway}, mtu 1400"),
    )
    host.plant(
        lambda: ip("route add 203.0.113.0/24 via 192.0.2.2"),
        Planted("route_changed", "203.0.113.0/24", "", "via 192.0.2.2 dev eth0"),
    )
    host.plant(lambda: run("nft", RULES), Planted("rules_added", "netfilter", "0 rules", "2 rules"))
    host.check()
    host.plant(lambda: run("nft", "delete table ip nat"), Planted("rules_removed", "netfilter", "2 rules", "0 rules"))
    host.plant(lambda: engine.remove("db"), Planted("container_died", "db", "running", "exit code unknown"))
    host.plant(
        lambda: ip("route replace default via 192.0.2.3"),
        Planted("route_changed", "0.0.0.0/0", "via 192.0.2.1 dev eth0", "via 192.0.2.3 dev eth0"),
    )
    host.plant(engine.vanish, Planted("engine_lost", "shop", "28.5.2+dfsg4", "no answer"))
    host.check()
    (row,) = host.history("?kind=rules_removed")
    assert (row["by"], row["detail"]) == ("nft", "ip nat DOCKER: 1, ip nat PREROUTING: 1")


def test_an_idle_host_has_no_entry(host: Host) -> None:
    for _ in range(5):
        host.history()
    host.check()
