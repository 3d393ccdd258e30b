"""What containers move, to the byte, against the container's own counters and the host's."""

from functools import partial
from typing import Any

from tests.support.live.exposed import Exporter, inside, veth_reversed
from tests.support.live.shop import Shop, send
from tests.support.waiting import until


def test_endpoint_counters_are_those_inside_the_container_and_the_veths_reversed(
    shop: Shop, exporter: Exporter
) -> None:
    """Ten megabytes and one byte, both ways."""
    before = exporter.metrics().counters("endpoint", container="db", network="back")
    for source, target in ((shop.web, shop.db), (shop.db, shop.web)):
        for size in (10_000_000, 1):
            send(source, target, size, "back")

    def agree(container: Any, network: str) -> bool:
        metrics = exporter.metrics()
        place = {"container": container.name, "network": network}
        exposed = metrics.counters("endpoint", **place)
        interface = metrics.label("dockernet_endpoint_info", "interface", **place)
        veth = metrics.label("dockernet_endpoint_info", "veth", **place)
        assert interface
        assert veth
        return exposed == inside(container)[interface] == veth_reversed(shop.host, veth)

    for container, network in ((shop.db, "back"), (shop.web, "back"), (shop.web, "front"), (shop.plain, "bridge")):
        until(partial(agree, container, network), 60, f"three equal readings of {container.name}")
    after = exporter.metrics().counters("endpoint", container="db", network="back")
    for direction in ("receive_bytes", "transmit_bytes"):
        assert 10_000_000 < (after[direction] or 0) - (before[direction] or 0) < 11_500_000


def test_every_veth_has_its_container_and_its_network(exporter: Exporter) -> None:
    seen = exporter.metrics().series("dockernet_veth_receive_bytes_total")
    assert {(labels["container"], labels["network"]) for labels, _ in seen} == {
        ("web", "front"),
        ("web", "back"),
        ("db", "back"),
        ("plain", "bridge"),
    }
    assert len(seen) == 4


def test_a_shared_namespace_is_counted_once_and_a_host_mode_container_not_at_all(exporter: Exporter) -> None:
    metrics = exporter.metrics()
    assert metrics.names("dockernet_endpoint_receive_bytes_total", "container") == {"web", "db", "plain"}
    assert metrics.label("dockernet_container_info", "network_owner", container="sharer") == "web"
    assert metrics.label("dockernet_container_info", "network_mode", container="sharer") == "container"
    assert metrics.label("dockernet_container_info", "network_mode", container="hostmode") == "host"
    assert metrics.label("dockernet_container_info", "network_mode", container="plain") == "bridge"


def test_the_counters_of_an_endpoint_survive_the_restart_of_its_container(shop: Shop, exporter: Exporter) -> None:
    send(shop.web, shop.db, 300_000, "back")
    before = exporter.metrics().counters("endpoint", container="db", network="back")
    veth = exporter.metrics().label("dockernet_endpoint_info", "veth", container="db", network="back")
    shop.db.restart()

    def another_veth() -> bool:
        now = exporter.metrics().label("dockernet_endpoint_info", "veth", container="db", network="back")
        return bool(now) and now != veth

    until(another_veth, 60, "a new veth")
    after = exporter.metrics().counters("endpoint", container="db", network="back")
    assert all((after[name] or 0) >= (value or 0) for name, value in before.items())
    assert (after["receive_bytes"] or 0) < 2 * (before["receive_bytes"] or 0)


def test_what_was_sent_in_the_last_moment_of_a_life_is_counted(shop: Shop, exporter: Exporter) -> None:
    """No scrape sees these bytes on the veth: they are in the kernel's messages of its end only."""
    before = exporter.metrics().counters("endpoint", container="db", network="back")
    send(shop.db, shop.web, 250_000, "back")
    sent = inside(shop.db)["eth0"]["transmit_bytes"]
    shop.db.restart()
    until(
        lambda: (
            (exporter.metrics().counters("endpoint", container="db", network="back")["transmit_bytes"] or 0) >= sent
        ),
        60,
        f"{sent} bytes and more, after {before['transmit_bytes']}",
    )
