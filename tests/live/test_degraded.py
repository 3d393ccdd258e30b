"""Rights taken away one by one: the exporter says once what is missing, and serves what it can."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.live.exposed import Exporter
from tests.support.live.shop import Shop
from tests.support.waiting import until

NO_NET_ADMIN = ("setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-net_admin")
OWN_PIDS = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")


def reasons(exporter: Exporter) -> set[str]:
    return exporter.metrics().names("dockernet_collector_degraded", "reason")


def refusals(exporter: Exporter) -> list[str]:
    """Why the engine does not answer, as often as that was said."""
    return [entry["reason"] for entry in exporter.log() if entry.get("component") == "events"]


def said(exporter: Exporter, reason: str, collector: str = "namespaces") -> int:
    exporter.metrics()
    return sum((entry.get("collector"), entry.get("reason")) == (collector, reason) for entry in exporter.log())


@contextmanager
def limited(shop: Shop, *before: str) -> Iterator[Exporter]:
    """An exporter started by these words; afterwards its port is free: what `unshare` forked ends after it."""
    with Exporter(shop.host, "--web.listen-address", ":9715", port=9715, before=before) as exporter:
        yield exporter
    until(lambda: not shop.host.run("ss", "-Hltn", "sport = :9715").stdout, 30, "a free port 9715")


def test_as_root_on_the_host_nothing_is_missing(exporter: Exporter) -> None:
    assert reasons(exporter) == set()


def test_without_net_admin_traffic_is_complete_and_interface_names_are_missing(shop: Shop) -> None:
    with limited(shop, *NO_NET_ADMIN) as exporter:
        assert reasons(exporter) == {"no_net_admin"}
        metrics = exporter.metrics()
        assert metrics.names("dockernet_endpoint_receive_bytes_total", "container") == {"web", "db", "plain"}
        assert metrics.names("dockernet_endpoint_info", "interface") == {""}
        assert said(exporter, "no_net_admin") == 1


def test_without_net_admin_there_are_no_rules_and_none_reads_as_zero(shop: Shop) -> None:
    with limited(shop, *NO_NET_ADMIN) as exporter:
        text = exporter.get()[1].decode()
        assert 'dockernet_collector_degraded{collector="nat",reason="no_net_admin"} 1.0' in text
        assert 'dockernet_scrape_collector_success{collector="nat"} 0.0' in text
        assert 'dockernet_findings_suspended{reason="nat"} 1.0' in text
        found = {line.split("{")[0].split(" ")[0] for line in text.splitlines() if not line.startswith("#")}
        assert {name for name in found if "nat_" in name or "masquerade" in name or "port_connections" in name} == set()
        assert said(exporter, "no_net_admin", "nat") == 1


def test_without_the_hosts_processes_the_macs_tell_whose_a_veth_is(shop: Shop) -> None:
    with limited(shop, *OWN_PIDS) as exporter:
        metrics = exporter.metrics()
        assert metrics.names("dockernet_endpoint_receive_bytes_total", "container") == {"web", "db", "plain"}
        assert metrics.names("dockernet_veth_receive_bytes_total", "container") == {"web", "db", "plain"}


def test_without_processes_and_rights_it_says_that_it_sees_no_processes(shop: Shop) -> None:
    """The engine's netns directory is hidden too: nothing is left to tell by, and nothing is guessed."""
    hidden = ("unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /run/docker/netns && exec "$@"', "sh")
    before = (*hidden, *NO_NET_ADMIN, *OWN_PIDS)
    with limited(shop, *before) as exporter:
        assert reasons(exporter) == {"no_net_admin", "no_host_pids"}
        metrics = exporter.metrics()
        assert metrics.names("dockernet_veth_receive_bytes_total", "container") == {""}
        assert not metrics.series("dockernet_endpoint_receive_bytes_total")
        assert metrics.names("dockernet_bridge_receive_bytes_total", "network") == {"front", "back", "bridge"}
        assert said(exporter, "no_host_pids") == 1


def test_in_a_network_namespace_of_its_own_it_says_so(shop: Shop, tmp_path: Path) -> None:
    assert tmp_path.is_dir()
    up = ("unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh")
    with Exporter(shop.host, "--web.listen-address", ":9716", port=9716, before=up, elsewhere=True) as exporter:
        assert reasons(exporter) == {"no_host_network"}
        metrics = exporter.metrics()
        assert metrics.value("dockernet_up") == 1
        assert not metrics.series("dockernet_bridge_receive_bytes_total")
        assert metrics.names("dockernet_container_info", "container") >= {"web", "db"}
        assert said(exporter, "no_host_network", "links") == 1


def test_without_any_right_the_host_is_served_and_the_engine_is_not(shop: Shop) -> None:
    nobody = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--bounding-set", "-all")
    with limited(shop, *nobody) as exporter:
        metrics = exporter.metrics()
        assert metrics.value("dockernet_up") == 0
        assert metrics.names("dockernet_uplink_receive_bytes_total", "device") == {"enp0s3"}
        until(lambda: refusals(exporter), 30, "a word on the engine")
        assert [("Permission denied" in reason) for reason in refusals(exporter)] == [True]


@pytest.mark.parametrize("flag", ["--no-collector.veth", "--web.disable-exporter-metrics"])
def test_what_is_switched_off_is_absent(shop: Shop, flag: str) -> None:
    absent = {"--no-collector.veth": b"dockernet_veth_", "--web.disable-exporter-metrics": b"process_"}[flag]
    with Exporter(shop.host, "--web.listen-address", ":9715", flag, port=9715) as exporter:
        assert absent not in exporter.get()[1]
