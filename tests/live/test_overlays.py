"""Overlays between two hosts: what their hidden namespaces hold, and what is found when rows are missing there."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from exporter.core.topology.overlay import OverlayRows, overlay_namespace
from exporter.docker_engine import watcher as watcher_module
from exporter.kernel.namespaces.overlay import read_overlay
from tests.support.live.exposed import Exporter, Metrics
from tests.support.live.shop import run
from tests.support.live.swarm import swarm
from tests.support.live.watched import Watched
from tests.support.private_host.host import PrivateHost
from tests.support.waiting import until

NO_SYS_ADMIN = ("setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin")
SWEEP_SECONDS = 60  # a reading every ten, on a loaded machine


class Overlay:
    """A network over two hosts, with the container `one` here and `two` there."""

    def __init__(self, here: PrivateHost, there: PrivateHost) -> None:
        self.here, self.there = here, there
        self.network = here.client().networks.create("ov", driver="overlay", attachable=True)
        self.one = run(here, "one", network="ov")
        self.one.reload()
        self.file = overlay_namespace(self.one.attrs["NetworkSettings"]["SandboxKey"], self.network.id)
        self.two = run(there, "two", network="ov")

    def endpoint(self) -> tuple[str, str]:
        """The IP and the MAC address of `two`."""
        self.two.reload()
        told = self.two.attrs["NetworkSettings"]["Networks"]["ov"]
        return told["IPAddress"], told["MacAddress"]

    def rows(self) -> OverlayRows | None:
        """What the hidden namespace holds here."""
        return read_overlay(self.here.path(self.file))

    def inside(self, *argv: str) -> None:
        """Run a command in the hidden namespace here."""
        self.here.run("nsenter", f"--net={self.file}", *argv)


pytestmark = pytest.mark.timeout(400)


@pytest.fixture
def overlay(new_host: Callable[..., PrivateHost]) -> Overlay:
    return Overlay(*swarm(new_host))


@pytest.fixture
def exporters() -> Iterator[Callable[..., Exporter]]:
    """Starts exporters; they end with the test."""
    with ExitStack() as stack:

        def start(host: PrivateHost, **options: Any) -> Exporter:
            return stack.enter_context(Exporter(host, **options))

        yield start


def test_a_hidden_namespace_holds_the_other_nodes_endpoints(overlay: Overlay) -> None:
    ip_address, mac_address = overlay.endpoint()

    def holds() -> bool:
        rows = overlay.rows()
        return (
            rows is not None
            and rows.neighbours.get(ip_address) == mac_address
            and (mac_address, "192.0.2.2") in rows.fdb
            and rows.nodes == {"192.0.2.2"}
        )

    until(holds, 60, "the other container, and the way to its node")
    overlay.two.remove(force=True)
    until(lambda: overlay.rows() == OverlayRows(), 60, "no other node")
    overlay.one.remove(force=True)
    until(lambda: overlay.rows() is None, 60, "the hidden namespace gone")


def test_a_row_that_is_missing_is_found_until_it_is_there_again(overlay: Overlay) -> None:
    ip_address, mac_address = overlay.endpoint()
    found = {("overlay_peer_missing", "ov", ip_address)}
    fdb = (mac_address, "dev", "vxlan0", "dst", "192.0.2.2", "self", "permanent")
    neighbour = (ip_address, "lladdr", mac_address, "dev", "vxlan0", "nud", "permanent")
    with Watched(overlay.here) as watched:
        until(lambda: "two" in watched.remote(), 60, "the engine tells of the other container")
        until(lambda: watched.nodes() == {"192.0.2.2"}, SWEEP_SECONDS, "the rows")
        until(lambda: watched.stays() == set(), SWEEP_SECONDS, "the rows of the other container too")
        overlay.inside("bridge", "fdb", "del", *fdb)
        until(lambda: watched.stays() == found, SWEEP_SECONDS, "no way to its node")
        assert overlay.one.exec_run(["ping", "-c", "1", "-W", "1", ip_address]).exit_code != 0
        overlay.inside("bridge", "fdb", "add", *fdb)
        until(lambda: watched.stays() == set(), SWEEP_SECONDS, "all rows")
        ping = ["ping", "-c", "1", "-W", "5", ip_address]
        until(lambda: overlay.one.exec_run(ping).exit_code == 0, 60, "a way to the other container")
        overlay.inside("ip", "neighbour", "del", *neighbour[:5])
        until(lambda: watched.stays() == found, SWEEP_SECONDS, "nobody who answers for its address")
        overlay.inside("ip", "neighbour", "add", *neighbour)
        until(lambda: watched.stays() == set(), SWEEP_SECONDS, "all rows again")


def test_a_node_that_is_lost_and_one_that_leaves_are_no_missing_rows(
    overlay: Overlay, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rows go before the engine's list is read again."""
    monkeypatch.setattr(watcher_module, "RESYNC_SECONDS", 10.0)
    with Watched(overlay.here) as watched:
        until(lambda: watched.nodes() == {"192.0.2.2"}, SWEEP_SECONDS, "the rows")
        overlay.there.kill()
        assert watched.stays() == set()
        overlay.there.start()
        overlay.there.client().swarm.leave(force=True)

        def forgotten() -> bool:
            assert watched.look(time.monotonic()).evaluation.findings == ()
            return not (watched.nodes() or watched.remote())

        until(forgotten, 120, "no other node, in the rows and in the engine's list")
        assert watched.stays() == set()


def suspended(metrics: Metrics) -> float | None:
    """Whether overlays are not judged, as it is told."""
    return metrics.value("dockernet_findings_suspended", reason="overlays")


def degraded(metrics: Metrics) -> list[str]:
    """What is missing to read overlays."""
    return [labels["reason"] for labels, _ in metrics.series("dockernet_collector_degraded", collector="overlay")]


def test_with_the_rights_overlays_are_judged(overlay: Overlay, exporters: Callable[..., Exporter]) -> None:
    exporter = exporters(overlay.here)
    until(
        lambda: exporter.metrics().value("dockernet_overlay_peers", network="ov") == 1, SWEEP_SECONDS, "the other node"
    )
    metrics = exporter.metrics()
    assert (suspended(metrics), degraded(metrics)) == (None, [])
    assert metrics.value("dockernet_network_findings", kind="overlay_peer_missing") == 0
    assert metrics.value("dockernet_scrape_collector_success", collector="overlay") == 1
    overlay.two.remove(force=True)
    until(
        lambda: exporter.metrics().value("dockernet_overlay_peers", network="ov") == 0, SWEEP_SECONDS, "no other node"
    )


def test_without_sys_admin_overlays_are_not_judged_and_that_is_said(
    overlay: Overlay, exporters: Callable[..., Exporter]
) -> None:
    exporter = exporters(overlay.here, before=NO_SYS_ADMIN)
    until(lambda: degraded(exporter.metrics()) == ["no_sys_admin"], 60, "what is missing")
    metrics = exporter.metrics()
    assert suspended(metrics) == 1
    assert metrics.value("dockernet_network_findings", kind="overlay_peer_missing") is None
    assert metrics.value("dockernet_overlay_peers", network="ov") is None
    assert metrics.names("dockernet_endpoint_receive_bytes_total", "network") >= {"ov"}
