"""Connections to published ports, and connections and rules by container."""

from collections.abc import Callable, Mapping, Sequence

from exporter.core.model.kernel_sample import StatsRow
from exporter.core.nat.flows import FlowCounts
from exporter.core.nat.view import CounterTotals, NatView
from exporter.core.observation import Observation
from exporter.metrics.templated import TemplatedGroup
from exporter.metrics.templates.series import Series, TemplatedCounter

Counts = Mapping[tuple[str, ...], int]


def _connections(view: NatView) -> Counts:
    return view.connections.counts if view.reading is not None else {}


def _rules(view: NatView) -> Counts:
    return view.counts.containers if view.reading is not None else {}


def _active(view: NatView) -> Counts:
    return (view.flows or FlowCounts()).ports


def _entries(view: NatView) -> Counts:
    return (view.flows or FlowCounts()).containers


def group(
    counter: TemplatedCounter,
    labels: Sequence[str],
    counts: Callable[[NatView], Counts],
    totals: Callable[[NatView], CounterTotals] = lambda _: CounterTotals(),
) -> TemplatedGroup:
    """Make a group of one family whose series are the keys of what `counts` gives."""

    def known(observation: Observation) -> Counts:
        return counts(observation.nat) if observation.nat else {}

    def series(observation: Observation) -> list[Series]:
        since = totals(observation.nat).created if observation.nat else {}
        # In alphabetical order of the labels' names, as the other renderer has them.
        return [Series(tuple(sorted(zip(labels, key, strict=True))), since.get(key, 0.0)) for key in known(observation)]

    def rows(observation: Observation) -> list[StatsRow | None]:
        return [(count,) for count in known(observation).values()]

    return TemplatedGroup("nat", (counter,), series, rows, depends=lambda observation: tuple(known(observation)))


GROUPS = (
    group(
        TemplatedCounter(
            "dockernet_published_port_connections_total",
            0,
            "New connections through the port's DNAT rule (rule packets); without those that docker-proxy relays.",
        ),
        ("container", "protocol", "host_port"),
        _connections,
        lambda view: view.connections,
    ),
    group(
        TemplatedCounter(
            "dockernet_published_port_connections_active",
            0,
            "Conntrack entries DNATed to the container; see dockernet_conntrack_age_seconds.",
        ),
        ("container", "protocol", "host_port"),
        _active,
    ),
    group(
        TemplatedCounter("dockernet_container_nat_rules", 0, "Rules of the nat tables that belong to a container."),
        ("container", "target"),
        _rules,
    ),
    group(
        TemplatedCounter(
            "dockernet_container_conntrack_entries",
            0,
            "Conntrack entries from or to the container; see dockernet_conntrack_age_seconds.",
        ),
        ("container", "protocol"),
        _entries,
    ),
)
