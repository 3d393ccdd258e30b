"""Whole hosts, recorded: what an exporter would have exposed of each."""

import difflib
from collections.abc import Iterable, Iterator, Sequence

import pytest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families as parse

from exporter.core.observation import Observation
from exporter.metrics.build import counter, gauge
from exporter.metrics.exposition import TEMPLATED_GROUPS
from exporter.metrics.templated import Columns, TemplatedGroup, TemplatedRenderer
from tests.support.families import by_prometheus_client, exposed, values
from tests.support.recorded import RecordedHost, hosts

# What differs by run or by the exporter's own version.
VOLATILE = frozenset({"dockernet_build_info", "dockernet_scrape_collector_duration_seconds"})
# Engines that tell how many addresses are taken: since 29.
TELLING = [host for host in hosts() if any("Status" in network for network in host.documents("networks"))]

every_host = pytest.mark.parametrize("host", hosts(), ids=lambda host: host.folder.name)
both_formats = pytest.mark.parametrize("openmetrics", [False, True], ids=["text", "openmetrics"])


def normalised(text: str) -> list[str]:
    """An exposition in one order: families by name, series by their labels, labels by theirs."""
    lines = []
    for family in sorted(parse(text), key=lambda family: family.name):
        series = sorted((s.name, sorted(s.labels.items()), s.value) for s in family.samples)
        if {name for name, _, _ in series} & VOLATILE:
            continue
        lines += [f"# HELP {family.name} {family.documentation}", f"# TYPE {family.name} {family.type}"]
        lines += [f"{name}{_braces(labels)} {value!r}" for name, labels, value in series]
    return lines


def _braces(labels: Sequence[tuple[str, str]]) -> str:
    return "{" + ",".join(f'{name}="{value}"' for name, value in labels) + "}" if labels else ""


@every_host
def test_a_recorded_host_is_exposed_as_it_was_accepted(host: RecordedHost, pytestconfig: pytest.Config) -> None:
    """What was accepted is metrics.prom; --update-golden accepts what is exposed now."""
    golden = host.folder / "metrics.prom"
    now = normalised(exposed(host.observation()))
    if pytestconfig.getoption("--update-golden"):
        golden.write_text("\n".join(now) + "\n")
    accepted = golden.read_text().splitlines()
    difference = "\n".join(difflib.unified_diff(accepted, now, "accepted", "exposed now", lineterm="", n=0))
    assert not difference, f"{host.folder.name} (make golden accepts it):\n{difference}"


@every_host
def test_openmetrics_of_a_recorded_host_parses_strictly_and_says_the_same(host: RecordedHost) -> None:
    observation = host.observation()
    strict = values(exposed(observation, openmetrics=True), openmetrics=True)
    plain = values(exposed(observation))
    assert {key: value for key, value in strict.items() if not key[0].endswith("_created")} == pytest.approx(plain)


@every_host
def test_every_veth_of_a_docker_bridge_has_a_container_that_is_on_that_network(host: RecordedHost) -> None:
    """And the other way round: every live container on a bridge network has its veth."""
    observation = host.observation()
    inventory, links = observation.topology.inventory, observation.topology.devices.links
    bridges = {network.bridge: network.name for network in inventory.networks.values() if network.bridge}
    ports = {link.name: links[link.master_ifindex].name for link in links.values() if link.master_ifindex}
    owners = {
        (labels["veth"], labels["container"], labels["network"])
        for (name, pairs) in values(exposed(observation))
        if name == "dockernet_veth_receive_bytes_total"
        for labels in [dict(pairs)]
    }
    assert {veth: network for veth, _, network in owners} == {veth: bridges[device] for veth, device in ports.items()}
    assert sorted((container, network) for _, container, network in owners) == sorted(
        (container.name, endpoint.network)
        for container in inventory.containers.values()
        for endpoint in container.endpoints
        if endpoint.network in bridges.values()
    )


@every_host
@both_formats
@pytest.mark.parametrize("group", TEMPLATED_GROUPS, ids=lambda group: group.counters[0].name)
def test_the_hot_renderer_writes_what_prometheus_client_writes(
    host: RecordedHost, group: TemplatedGroup, *, openmetrics: bool
) -> None:
    observation = host.observation()
    hot, _, _ = TemplatedRenderer(group).render(observation, openmetrics=openmetrics, limit=1 << 30)
    fast = b"".join(hot)
    slow = by_prometheus_client(_families(group, observation), openmetrics=openmetrics)
    assert _values(fast, openmetrics=openmetrics) == pytest.approx(_values(slow, openmetrics=openmetrics), abs=0.001)
    assert _comments(fast) == _comments(slow)


def _families(group: TemplatedGroup, observation: Observation) -> Iterator[Metric]:
    """The same by prometheus_client; nothing where nothing was read."""
    found = group.rows(observation) or ()
    rows = tuple(zip(*found.values, strict=True)) if isinstance(found, Columns) else found
    pairs = zip(group.series(observation), rows, strict=True)
    read = [(series, row) for series, row in pairs if row is not None]
    for one in group.counters if read else ():
        names = [name for name, _ in read[0][0].labels]
        if one.name.endswith("_total"):
            counted = counter(one.name, one.documentation, names)
            for series, row in read:
                counted.add_metric([value for _, value in series.labels], row[one.place], created=series.created)
            yield counted
        else:
            measured = gauge(one.name, one.documentation, names)
            for series, row in read:
                measured.add_metric([value for _, value in series.labels], row[one.place])
            yield measured


def _values(text: bytes, *, openmetrics: bool) -> dict[str, float]:
    whole = text.decode() + ("# EOF\n" if openmetrics else "")
    found = values(whole, openmetrics=openmetrics)
    return {f"{name}{_braces(labels)}": value for (name, labels), value in found.items()}


def _comments(text: bytes) -> Iterable[bytes]:
    return [line for line in text.splitlines() if line.startswith(b"#")]


@pytest.mark.parametrize("host", TELLING, ids=lambda host: host.folder.name)
def test_addresses_are_counted_as_the_engine_counts_them(host: RecordedHost) -> None:
    """Of an IPv6 subnet they are too many to be worth a series."""
    exposition = values(exposed(host.observation()))
    told = {
        (document["Name"], subnet): counts
        for document in host.documents("networks")
        for subnet, counts in document.get("Status", {}).get("IPAM", {}).get("Subnets", {}).items()
        if ":" not in subnet
    }
    for (network, subnet), counts in told.items():
        for state, key in (("used", "IPsInUse"), ("available", "DynamicIPsAvailable")):
            labels = ("network", network), ("state", state), ("subnet", subnet)
            assert exposition["dockernet_network_addresses", labels] == counts[key], labels
