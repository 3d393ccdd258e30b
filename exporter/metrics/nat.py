"""NAT and filter rules: their number, their networks, and their counters."""

from collections.abc import Iterator, Mapping

from exporter.core.nat.rule_counts import RuleCounts
from exporter.core.nat.view import CounterTotals, NatView
from exporter.core.observation import Observation
from exporter.metrics.build import Metric, counter, gauge


def inputs(observation: Observation) -> object:
    """Return what `families` depends on."""
    view = observation.nat
    if view is None or view.reading is None:
        return None
    changes = None if view.reading.nft is None else view.reading.changes
    return view.counts, view.masquerades, view.drops, changes, observation.engine.started


def families(observation: Observation) -> Iterator[Metric]:
    """All families of this file; none where the rules could not be read."""
    view = observation.nat
    if view is None or view.reading is None:
        return
    yield from counts(view.counts)
    yield summed(
        view.masquerades,
        "dockernet_network_masquerade_connections_total",
        "Connections masqueraded with the host's address (packets of the network's MASQUERADE or SNAT rule).",
        ("network",),
    )
    yield summed(
        view.drops,
        "dockernet_filter_drops_total",
        "Packets dropped by Docker's own filter rules (rule counters); large rule sets are read every ten seconds.",
        ("network", "reason"),
    )
    if view.reading.nft is not None:
        yield changes(view, observation.engine.started)


def counts(found: RuleCounts) -> Iterator[Metric]:
    """dockernet_nat_rules, dockernet_network_nat_rules and dockernet_user_rules."""
    yield _gauges(
        found.rules,
        "dockernet_nat_rules",
        'Rules in the tables that Docker uses; chain="other" is every chain that is neither Docker\'s nor built in.',
        ("family", "table", "chain", "target"),
    )
    yield _gauges(
        found.networks,
        "dockernet_network_nat_rules",
        "Rules of the nat tables that belong to a network.",
        ("network", "target"),
    )
    user = gauge("dockernet_user_rules", "The operator's own rules in DOCKER-USER.", ("family",))
    for family, number in sorted(found.user.items()):
        user.add_metric((family,), number)
    yield user


def summed(totals: CounterTotals, name: str, documentation: str, labels: tuple[str, ...]) -> Metric:
    """One family of totals over rules, which outlive the rules."""
    family = counter(name, documentation, labels)
    for series, packets in sorted(totals.counts.items()):
        family.add_metric(series, packets, created=totals.created.get(series))
    return family


def changes(view: NatView, since: float) -> Metric:
    """dockernet_nat_ruleset_changes_total."""
    family = counter(
        "dockernet_nat_ruleset_changes_total", "Changes of the nf_tables ruleset by any program (generation id)."
    )
    family.add_metric((), view.reading.changes if view.reading else 0, created=since)
    return family


def _gauges(found: Mapping[tuple[str, ...], int], name: str, documentation: str, labels: tuple[str, ...]) -> Metric:
    family = gauge(name, documentation, labels)
    for series, number in sorted(found.items()):
        family.add_metric(series, number)
    return family
