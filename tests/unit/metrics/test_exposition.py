"""The exposition as a whole, in both formats."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from msgspec.structs import replace

from exporter.config import COLLECTORS
from exporter.core.observation import EngineStats
from exporter.core.topology.topology import join
from exporter.metrics.exposition import Exposition
from tests.support.builders import bridge, devices, inventory, network, observed, row, run, shop, veth
from tests.support.families import exposed, section, values

ROWS = [row(ifindex, rx=(100 * ifindex, ifindex), tx=(7 * ifindex, 1)) for ifindex in (2, 3, 4, 11, 13, 15)]
STATS = EngineStats(1.5, stream_connected=True, events={("container", "start"): 2}, resyncs={"start": 1})


@pytest.mark.parametrize("openmetrics", [False, True])
def test_a_whole_exposition_is_valid_and_has_no_series_twice(openmetrics: bool) -> None:  # noqa: FBT001
    exposition = Exposition(COLLECTORS, ("team",))
    text = exposition.render(observed(shop(), *ROWS, stats=STATS), openmetrics=openmetrics).decode()
    assert len(values(text, openmetrics=openmetrics)) > 100
    assert text.endswith("# EOF\n") == openmetrics


def test_both_formats_say_the_same() -> None:
    observation = observed(shop(), *ROWS, stats=STATS)
    text = values(exposed(observation))
    openmetrics = values(exposed(observation, openmetrics=True), openmetrics=True)
    assert {key: value for key, value in openmetrics.items() if not key[0].endswith("_created")} == text


def test_created_is_told_of_every_counter_in_openmetrics_and_of_none_in_text() -> None:
    observation = observed(shop(), *ROWS, stats=STATS)
    assert "_created" not in exposed(observation)
    openmetrics = values(exposed(observation, openmetrics=True), openmetrics=True)
    counters = {(name.removesuffix("_total"), labels) for name, labels in openmetrics if name.endswith("_total")}
    created = {(name.removesuffix("_created"), labels) for name, labels in openmetrics if name.endswith("_created")}
    assert counters == created


def test_every_name_is_valid_and_has_the_prefix() -> None:
    names = {name for name, _ in values(exposed(observed(shop(), *ROWS, stats=STATS)))}
    assert [name for name in names if not re.fullmatch(r"dockernet_[a-z0-9_]+", name)] == []


def test_every_family_says_its_help_and_type_once() -> None:
    text = exposed(observed(shop(), *ROWS, stats=STATS))
    for what in ("HELP", "TYPE"):
        named = [line.split(" ")[2] for line in text.splitlines() if line.startswith(f"# {what} ")]
        assert len(named) == len(set(named))
        assert {name for name, _ in values(text)} <= set(named)


def test_the_exporters_own_cost_can_be_left_out() -> None:
    observation = observed(shop())
    shown = {name for name, _ in values(Exposition(COLLECTORS).render(observation).decode())}
    assert {"process_resident_memory_bytes", "python_info"} <= shown
    hidden = {name for name, _ in values(Exposition(COLLECTORS, own_metrics=False).render(observation).decode())}
    assert [name for name in hidden if not name.startswith("dockernet_")] == []


@pytest.mark.parametrize(
    ("collector", "family"),
    [
        ("inventory", "dockernet_container_info"),
        ("endpoint", "dockernet_endpoint_receive_bytes_total"),
        ("network", "dockernet_network_receive_bytes_total"),
        ("veth", "dockernet_veth_receive_bytes_total"),
        ("bridge", "dockernet_bridge_receive_bytes_total"),
        ("uplink", "dockernet_uplink_receive_bytes_total"),
    ],
)
def test_a_collector_that_is_off_has_no_families_and_the_others_have_theirs(collector: str, family: str) -> None:
    observation = observed(shop(), *ROWS)
    everything = {name for name, _ in values(exposed(observation))}
    others = {name for name, _ in values(exposed(observation, collectors=set(COLLECTORS) - {collector}))}
    alone = {name for name, _ in values(exposed(observation, collectors={collector}))}
    assert family in everything & alone
    assert family not in others
    assert everything == others | alone


def test_a_reading_that_failed_leaves_its_families_out_and_is_not_zero() -> None:
    failed = replace(observed(shop()), endpoints=None, networks=None, splits=None, rows=None)
    names = {name for name, _ in values(exposed(failed))}
    assert [name for name in names if re.search("_(receive|transmit)_", name)] == []
    assert "dockernet_container_info" in names


def test_a_changed_topology_is_seen_and_an_unchanged_one_is_rendered_alike() -> None:
    exposition = Exposition(COLLECTORS, own_metrics=False)
    first, second = observed(shop(), *ROWS), observed(join(inventory(run("new")), devices()))
    before = exposition.render(first)
    assert exposition.render(first) == before
    assert b'container="new"' in exposition.render(second)
    assert exposition.render(first) == before


def test_renderings_at_the_same_time_do_not_mix() -> None:
    exposition = Exposition(COLLECTORS, own_metrics=False)
    observations = [observed(shop(), *ROWS), observed(join(inventory(run("new")), devices()))]
    alone = [Exposition(COLLECTORS, own_metrics=False).render(one) for one in observations]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(exposition.render, observations * 50)) == alone * 50


def test_two_networks_of_one_name_are_no_series_twice() -> None:
    """Docker takes names for labels of its own: `docker network create` twice in a race makes two of them."""
    twins = [network("front"), network("front", network_id="other-net", bridge="br-other")]
    topology = join(
        inventory(run("web", network="front"), *twins),
        devices(bridge("br-front", 3), bridge("br-other", 4), veth("v", 11, master=3, nsid=1), sandboxes={"web": 1}),
    )
    values(exposed(observed(topology, row(3), row(4), row(11))))


def test_the_end_of_the_limit_is_told_by_family() -> None:
    exposition = Exposition(COLLECTORS, limit=3, own_metrics=False)
    text = exposition.render(observed(shop(), *ROWS)).decode()
    dropped = {
        dict(labels)["family"]: value
        for (name, labels), value in values(text).items()
        if "dropped_total" in name and "series" in name
    }
    assert section(text, "dockernet_container_info").count("container=") == 3
    assert dropped["dockernet_container_info"] == 2
    assert dropped["dockernet_endpoint_receive_bytes_total"] == 3
    assert "dockernet_endpoint_receive_bytes_total{" not in text


def test_a_limit_that_is_not_reached_changes_nothing_and_zero_is_none() -> None:
    observation = observed(shop(), *ROWS)
    unlimited = Exposition(COLLECTORS, limit=0, own_metrics=False).render(observation)
    assert Exposition(COLLECTORS, limit=10_000, own_metrics=False).render(observation) == unlimited


@pytest.mark.parametrize("limit", [1, 5, 17, 40, 90])
def test_no_more_series_than_the_limit_are_shown_beside_the_exporters_health(limit: int) -> None:
    observation = observed(shop(), *ROWS)
    text = Exposition(COLLECTORS, limit=limit, own_metrics=False).render(observation).decode()
    health = {name for name, _ in values(exposed(observation, collectors=()))} | {"dockernet_series_dropped_total"}
    assert len([name for name, _ in values(text) if name not in health]) <= limit


def test_what_is_left_out_is_counted_alike_in_all_families() -> None:
    exposition = Exposition(COLLECTORS, limit=3, own_metrics=False)
    observation = observed(shop(), *ROWS)
    exposition.render(observation)
    first, second = (values(exposition.render(observation).decode()) for _ in range(2))
    dropped = [key for key in first if key[0] == "dockernet_series_dropped_total"]
    assert {second[key] > first[key] for key in dropped} in ({True}, {False})
