"""Families are written as prometheus_client writes them, to the byte, and each host's are."""

from collections.abc import Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector

from exporter.core.observation import Observation
from exporter.metrics.build import Metric, add_info, counter, gauge, info
from exporter.metrics.exposition import SMALL_GROUPS, cached_groups
from exporter.metrics.text import FamilyTexts, render
from tests.support.families import by_prometheus_client
from tests.support.recorded import RecordedHost, hosts

both_formats = pytest.mark.parametrize("openmetrics", [False, True], ids=["text", "openmetrics"])
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
numbers = st.one_of(st.floats(), st.integers(-(2**70), 2**70))
series = st.lists(st.tuples(st.tuples(texts, texts), numbers, st.floats(0, 2e9)), max_size=4)
NASTY = [(('a"b', "c\\d"), 1e21, 1.5), (("new\nline", "100 % {}"), float("inf"), 0.0), (("", "\t"), float("nan"), 1e-9)]
HELP = 'Says "why",\nor \\ not, 100 %.'


def families(documentation: str, found: list[tuple[tuple[str, str], float, float]]) -> Iterator[Metric]:
    """One of each type, and one that nothing is known of."""
    measured = gauge("test_size_bytes", documentation, ("zone", "network"))
    counted = counter("test_sent_bytes_total", documentation, ("zone", "network"))
    described = info("test_container_info", documentation, ("zone", "network"))
    plain = gauge("test_up", documentation)
    for labels, value, created in found:
        measured.add_metric(labels, value)
        counted.add_metric(labels, value, created=created)
        add_info(described, labels)
        plain.add_metric((), value)
    yield from (measured, counted, described, plain)


@both_formats
@given(texts, series)
@example(HELP, NASTY)
@settings(max_examples=200, deadline=None)
def test_any_family_is_written_as_by_prometheus_client(
    openmetrics: bool,  # noqa: FBT001
    documentation: str,
    found: list[tuple[tuple[str, str], float, float]],
) -> None:
    theirs = by_prometheus_client(families(documentation, found), openmetrics=openmetrics)
    assert render(families(documentation, found), openmetrics=openmetrics) == theirs


@both_formats
@pytest.mark.parametrize("host", hosts(), ids=lambda host: host.folder.name)
def test_all_families_of_a_host_are_written_as_by_prometheus_client(host: RecordedHost, *, openmetrics: bool) -> None:
    observation = host.observation()
    theirs = by_prometheus_client(all_families(observation), openmetrics=openmetrics)
    assert theirs.count(b"\n") > 100
    assert render(all_families(observation), openmetrics=openmetrics) == theirs


def all_families(observation: Observation) -> Iterator[Metric]:
    """Those without a template."""
    for small in SMALL_GROUPS:
        yield from small.families(observation)
    for group in cached_groups(("com.docker.compose.project",)):
        if (value := group.of(observation)) is not None:
            yield from group.families(value)


@both_formats
def test_the_exporters_own_cost_is_written_as_by_prometheus_client(openmetrics: bool) -> None:  # noqa: FBT001
    registry = CollectorRegistry()
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=registry)
    found = list(registry.collect())
    assert {metric.name for metric in found} >= {"process_cpu_seconds", "python_info", "python_gc_collections"}
    assert render(found, openmetrics=openmetrics) == by_prometheus_client(found, openmetrics=openmetrics)


@both_formats
def test_a_family_whose_series_are_as_before_is_the_same_text_and_another_one_is_not(*, openmetrics: bool) -> None:
    texts = FamilyTexts(openmetrics=openmetrics)
    for found in ([NASTY[0]], [NASTY[0]], NASTY, [], NASTY[1:]):
        assert texts.render(families(HELP, found)) == render(families(HELP, found), openmetrics=openmetrics)
