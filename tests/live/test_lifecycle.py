"""What happens to containers shows: new series, changed labels, and nothing of what is gone."""

import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.live.exposed import Exporter, Metrics
from tests.support.live.shop import IMAGE
from tests.support.private_host.engines import DEFAULT, tool
from tests.support.private_host.host import PrivateHost
from tests.support.waiting import until

SOON = 20.0  # by an event: after a minute all is listed anyway


@pytest.fixture
def exporter(clean_host: PrivateHost) -> Iterator[Exporter]:
    with Exporter(clean_host) as running:
        yield running


def run(host: PrivateHost, name: str, **options: Any) -> Any:
    return host.client().containers.run(IMAGE, ["sleep", "1000"], name=name, detach=True, **options)


def shows(exporter: Exporter, condition: Callable[[Metrics], bool], what: str) -> None:
    until(lambda: condition(exporter.metrics()), SOON, what)


def endpoints(metrics: Metrics) -> set[tuple[str, str]]:
    found = metrics.series("dockernet_endpoint_receive_bytes_total")
    return {(labels["container"], labels["network"]) for labels, _ in found}


def test_a_container_is_followed_from_run_to_rm(clean_host: PrivateHost, exporter: Exporter) -> None:
    web = run(clean_host, "web")
    shows(exporter, lambda m: endpoints(m) == {("web", "bridge")}, "web after run")
    web.stop()
    shows(exporter, lambda m: not endpoints(m) and not m.series("dockernet_container_info"), "nothing after stop")
    web.start()
    shows(exporter, lambda m: endpoints(m) == {("web", "bridge")}, "web after start")
    web.restart()
    shows(exporter, lambda m: endpoints(m) == {("web", "bridge")}, "web after restart")
    web.rename("shop")
    shows(exporter, lambda m: endpoints(m) == {("shop", "bridge")}, "shop after rename")
    shows(exporter, lambda m: m.names("dockernet_endpoint_info", "container") == {"shop"}, "shop alone")
    web.pause()
    shows(exporter, lambda m: endpoints(m) == {("shop", "bridge")}, "shop while paused")
    web.unpause()
    web.remove(force=True)
    gone = ("dockernet_veth_receive_bytes_total", "dockernet_endpoint_info")
    shows(exporter, lambda m: not any(map(m.series, gone)), "no veth and no endpoint after rm")


def test_connecting_and_disconnecting_shows(clean_host: PrivateHost, exporter: Exporter) -> None:
    network = clean_host.client().networks.create("front", labels={"a": "b"})
    shows(exporter, lambda m: "front" in m.names("dockernet_network_info", "network"), "the new network")
    web = run(clean_host, "web")
    network.connect(web)
    shows(exporter, lambda m: endpoints(m) == {("web", "bridge"), ("web", "front")}, "both networks")
    shows(exporter, lambda m: m.value("dockernet_network_endpoints", network="front") == 1, "one endpoint")
    network.disconnect(web)
    shows(exporter, lambda m: endpoints(m) == {("web", "bridge")}, "one network")
    network.remove()
    shows(exporter, lambda m: "front" not in m.names("dockernet_network_info", "network"), "no network")


def test_labels_follow_the_container(clean_host: PrivateHost) -> None:
    labels = {
        "com.docker.compose.project": "shop",
        "com.docker.compose.service": "web",
        "com.example/team": 'a "b" \\ 100%',
    }
    run(clean_host, "web", labels=labels)
    with Exporter(clean_host, "--container.labels", "com.example/team,absent") as exporter:
        (found, _), *others = exporter.metrics().series("dockernet_container_info")
    assert not others
    assert found["compose_project"] == "shop"
    assert found["compose_service"] == "web"
    assert found["label_com_example_team"] == 'a "b" \\ 100%'
    assert found["label_absent"] == ""


@pytest.mark.timeout(400)
def test_ends_of_the_engine_leave_a_right_inventory(clean_host: PrivateHost, exporter: Exporter) -> None:
    """TERM and KILL by turns; a container that Docker starts again is there once, the other one is gone."""
    ends = 10 if clean_host.engine.suite == DEFAULT else 4  # the others need longer for each
    run(clean_host, "stays", restart_policy={"Name": "always"})
    run(clean_host, "goes")
    shows(exporter, lambda m: endpoints(m) == {("stays", "bridge"), ("goes", "bridge")}, "both")
    for turn in range(ends):
        clean_host.kill(signal.SIGTERM if turn % 2 else signal.SIGKILL)
        shows(exporter, lambda m: m.value("dockernet_up") == 0, "down")
        clean_host.start()
        until(lambda: exporter.metrics().value("dockernet_up") == 1, 60, "up")
        until(lambda: endpoints(exporter.metrics()) == {("stays", "bridge")}, 60, f"one container, turn {turn}")
        assert exporter.metrics().names("dockernet_veth_receive_bytes_total", "container") <= {"stays", ""}
    metrics = exporter.metrics()
    assert metrics.value("dockernet_inventory_resyncs_total", reason="reconnect") == ends
    assert metrics.value("dockernet_engine_event_stream_reconnects_total") == ends
    assert exporter.stop() == 0


def test_containers_go_on_being_counted_while_the_engine_is_away(clean_host: PrivateHost, exporter: Exporter) -> None:
    web = run(clean_host, "web")
    shows(exporter, lambda m: endpoints(m) == {("web", "bridge")}, "web")
    pid = web.attrs["State"]["Pid"] or clean_host.api().inspect_container("web")["State"]["Pid"]
    before = exporter.metrics().value("dockernet_endpoint_transmit_bytes_total", container="web")
    clean_host.kill(signal.SIGKILL)
    shows(exporter, lambda m: m.value("dockernet_up") == 0, "down")
    clean_host.run("nsenter", "-t", str(pid), "-n", str(tool("busybox")), "ping", "-c", "1", "172.17.0.1")
    after = exporter.metrics().value("dockernet_endpoint_transmit_bytes_total", container="web")
    assert (after or 0) >= (before or 0) + 98


def test_an_engine_that_is_away_at_the_start_is_found_when_it_comes(new_host: Callable[..., PrivateHost]) -> None:
    host = new_host()
    with Exporter(host) as exporter:
        metrics = exporter.metrics()
        assert metrics.value("dockernet_up") == 0
        assert metrics.names("dockernet_uplink_receive_bytes_total", "device") == {"enp0s3"}
        host.start()
        until(lambda: exporter.metrics().value("dockernet_up") == 1, 60, "up")
        said = [entry["reason"] for entry in exporter.log() if entry.get("component") == "events"]
        assert said
        assert len(said) == len(set(said)), said


def test_a_hung_engine_is_down_and_comes_back(new_host: Callable[..., PrivateHost]) -> None:
    host = new_host().start()
    with Exporter(host) as exporter:
        assert exporter.metrics().value("dockernet_up") == 1
        with host.hung():
            until(lambda: exporter.metrics().value("dockernet_up") == 0, 60, "down")
        until(lambda: exporter.metrics().value("dockernet_up") == 1, 60, "up")
