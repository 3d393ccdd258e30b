"""The hot renderer writes what prometheus_client would write, only exactly."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from prometheus_client.core import CounterMetricFamily

from exporter.core.model.kernel_sample import RX_BYTES, TX_BYTES, StatsRow
from exporter.core.observation import Observation
from exporter.core.topology.topology import join
from exporter.metrics.templated import Columns, TemplatedGroup, TemplatedRenderer
from exporter.metrics.templates.series import Series, TemplatedCounter
from tests.support.builders import devices, inventory, row
from tests.support.families import by_prometheus_client, values

COUNTERS = (
    TemplatedCounter("test_received_bytes_total", RX_BYTES, "Bytes, 100 % of them (rx_bytes)."),
    TemplatedCounter("test_sent_bytes_total", TX_BYTES, r"A back\slash."),
)
NASTY = [
    'quo"te',
    "back\\slash",
    "new\nline",
    "100 %d %s %% {}",
    "crab 🦀",
    "ünïcödé",
    "a,b={}",
    "\\n",
    'x\\"',
    "",
    "\t",
]


def group(labels: list[str], created: float = 1700000000.123) -> TemplatedGroup:
    """Series with these values of one label, and as many rows as the observation's device readings."""
    return TemplatedGroup(
        "test",
        COUNTERS,
        series=lambda _: [Series((("network", "front"), ("zone", value)), created) for value in labels],
        rows=lambda observation: None if observation.rows is None else list(observation.rows.values()),
    )


def observation(*rows: StatsRow | None) -> Observation:
    found: dict[int, StatsRow] = dict(enumerate(rows))  # type: ignore[arg-type]  # one without a reading is allowed
    return Observation(join(inventory(), devices()), rows=found)


def rendered(
    labels: list[str], *rows: StatsRow | None, openmetrics: bool = False, limit: int = 1 << 60
) -> tuple[str, int, dict[str, int]]:
    text, used, dropped = TemplatedRenderer(group(labels)).render(
        observation(*rows), openmetrics=openmetrics, limit=limit
    )
    return b"".join(text).decode(), used, dict(dropped)


def by_client(labels: list[str], *rows: StatsRow, openmetrics: bool) -> str:
    families = []
    for counter in COUNTERS:
        family = CounterMetricFamily(
            counter.name.removesuffix("_total"), counter.documentation, labels=("network", "zone")
        )
        for label, stats in zip(labels, rows, strict=True):
            family.add_metric(("front", label), stats[counter.place], created=1700000000.123)
        families.append(family)
    return by_prometheus_client(families, openmetrics=openmetrics).decode()


def normalised(text: str) -> list[tuple[str, float] | str]:
    """Lines with the value as a number: the two write the same one in different ways."""
    return [
        line if line.startswith("#") else (line.rpartition(" ")[0], float(line.rpartition(" ")[2]))
        for line in text.split("\n")
        if line
    ]


@pytest.mark.parametrize("openmetrics", [False, True])
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=5, unique=True))
@example(NASTY)
@settings(max_examples=100, deadline=None)
def test_both_renderers_agree_whatever_a_label_holds(openmetrics: bool, labels: list[str]) -> None:  # noqa: FBT001
    rows = [row(0, rx=(number, 0), tx=(number * 7, 0)) for number in range(len(labels))]
    ours, _, _ = rendered(labels, *rows, openmetrics=openmetrics)
    assert normalised(ours) == normalised(by_client(labels, *rows, openmetrics=openmetrics))


def test_labels_are_read_back_as_they_were() -> None:
    text, _, _ = rendered(NASTY, *[row(0)] * len(NASTY))
    assert {dict(labels)["zone"] for _, labels in values(text)} == set(NASTY)


@pytest.mark.parametrize("value", [2**53 + 1, 2**63, 2**64 - 1, 10**30])
def test_integers_are_written_to_the_last_digit(value: int) -> None:
    text, _, _ = rendered(["a"], row(0, rx=(value, 0)))
    assert f'test_received_bytes_total{{network="front",zone="a"}} {value}\n' in text


def test_a_family_is_written_whole() -> None:
    text, used, dropped = rendered(["a"], row(0, rx=(1, 0), tx=(2, 0)))
    assert text == (
        "# HELP test_received_bytes_total Bytes, 100 % of them (rx_bytes).\n"
        "# TYPE test_received_bytes_total counter\n"
        'test_received_bytes_total{network="front",zone="a"} 1\n'
        "# HELP test_sent_bytes_total A back\\\\slash.\n"
        "# TYPE test_sent_bytes_total counter\n"
        'test_sent_bytes_total{network="front",zone="a"} 2\n'
    )
    assert (used, dropped) == (2, {})


def test_openmetrics_says_when_a_counter_began() -> None:
    text, _, _ = rendered(["a"], row(0, rx=(1, 0), tx=(2, 0)), openmetrics=True)
    assert values(text + "# EOF\n", openmetrics=True) == {
        ("test_received_bytes_total", (("network", "front"), ("zone", "a"))): 1,
        ("test_received_bytes_created", (("network", "front"), ("zone", "a"))): 1700000000.123,
        ("test_sent_bytes_total", (("network", "front"), ("zone", "a"))): 2,
        ("test_sent_bytes_created", (("network", "front"), ("zone", "a"))): 1700000000.123,
    }


def test_a_series_without_a_reading_is_left_out_and_is_not_zero() -> None:
    text, used, dropped = rendered(["a", "b", "c"], row(0, rx=(1, 0)), None, row(0, rx=(3, 0)))
    received = {dict(labels)["zone"]: value for (name, labels), value in values(text).items() if "received" in name}
    assert received == {"a": 1, "c": 3}
    assert (used, dropped) == (4, {})


def test_a_source_that_failed_writes_nothing() -> None:
    failed = replace(observation(), rows=None)
    assert TemplatedRenderer(group(["a"])).render(failed, openmetrics=False, limit=99) == ((), 0, {})


@pytest.mark.parametrize(
    ("limit", "shown", "used"), [(6, ["a", "b", "c"], 6), (5, ["a", "b"], 4), (2, ["a"], 2), (1, [], 0), (-3, [], 0)]
)
def test_a_limit_leaves_out_whole_rows_of_all_families_and_counts_them(limit: int, shown: list[str], used: int) -> None:
    text, count, dropped = rendered(["a", "b", "c"], row(0), row(0), row(0), limit=limit)
    assert sorted({dict(labels)["zone"] for _, labels in values(text)}) == shown
    left = 3 - len(shown)
    assert count == used
    assert dropped == ({"test_received_bytes_total": left, "test_sent_bytes_total": left} if left else {})


def test_templates_follow_the_topology_and_values_the_observation() -> None:
    labels = ["a"]
    renderer = TemplatedRenderer(group(labels))
    first = observation(row(0, rx=(1, 0)))

    def received(seen: Observation) -> dict[str, float]:
        text = b"".join(renderer.render(seen, openmetrics=False, limit=99)[0]).decode()
        return {dict(key)["zone"]: value for (name, key), value in values(text).items() if "received" in name}

    assert received(first) == {"a": 1}
    assert received(replace(first, rows={0: row(0, rx=(2, 0))})) == {"a": 2}
    labels[:] = ["b", "c"]
    assert received(observation(row(0, rx=(3, 0)), row(0, rx=(4, 0)))) == {"b": 3, "c": 4}


@pytest.mark.parametrize("limit", [0, 3, 4, 1 << 60])
@pytest.mark.parametrize("count", [0, 1, 3])
def test_columns_are_written_as_their_rows_are(count: int, limit: int) -> None:
    labels, rows = NASTY[:count], [row(ifindex, rx=(ifindex, 1), tx=(7, 2)) for ifindex in range(count)]
    by_row = group(labels)
    by_column = replace(by_row, rows=lambda _: Columns(tuple(zip(*rows, strict=True))))
    texts = []
    for each in (by_row, by_column):
        pieces, used, dropped = TemplatedRenderer(each).render(observation(*rows), openmetrics=True, limit=limit)
        texts.append((b"".join(pieces), used, dict(dropped)))
    assert texts[0] == texts[1]
