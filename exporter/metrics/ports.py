"""Published ports, and what is wrong with ports."""

from collections import Counter
from collections.abc import Iterable, Iterator

from exporter.core.observation import Observation
from exporter.core.ports.conflict import PortConflict
from exporter.core.ports.scope import scope
from exporter.core.topology.topology import Topology
from exporter.metrics.build import Metric, add_info, gauge, info

LABELS = (
    *("kind", "protocol", "address", "port", "wanted_by", "holder", "holder_kind"),
    *("severity", "confidence"),
)


def families(observation: Observation) -> Iterator[Metric]:
    """What every observation may change."""
    judgement = observation.ports
    # Findings that differ in what people read only are one series.
    found = list(dict.fromkeys(map(_labels, judgement.conflicts)))
    yield each(found)
    yield counted(found, judgement.judged)


def _labels(found: PortConflict) -> tuple[str, ...]:
    return tuple(str(getattr(found, label)) for label in LABELS)


def each(found: Iterable[tuple[str, ...]]) -> Metric:
    """dockernet_port_conflict."""
    family = gauge(
        "dockernet_port_conflict",
        "1 while something is wrong with a port: wanted_by should have it, holder has it.",
        LABELS,
    )
    for labels in found:
        family.add_metric(labels, 1)
    return family


def counted(found: Iterable[tuple[str, ...]], judged: Iterable[str]) -> Metric:
    """dockernet_port_conflicts."""
    family = gauge(
        "dockernet_port_conflicts",
        "How many port conflicts of a kind there are; absent while it cannot be judged.",
        ("kind",),
    )
    counts = Counter(kind for kind, *_ in found)
    for kind in judged:
        family.add_metric((kind,), counts[kind])
    return family


def published(topology: Topology) -> Iterator[Metric]:
    """dockernet_published_port_info, which the topology alone changes."""
    family = info(
        "dockernet_published_port_info",
        "A port that Docker says is published, a series per address of the host; scope is from where it can be reached "
        "as far as that address says.",
        ("container", "protocol", "host_address", "host_port", "container_port", "scope"),
    )
    for labels in dict.fromkeys(_published(topology)):
        add_info(family, labels)
    yield family


def _published(topology: Topology) -> Iterator[tuple[str, ...]]:
    for container in sorted(topology.inventory.containers.values(), key=lambda container: container.name):
        for binding in container.details.published if container.details else ():
            if binding.host_port:  # a network that is routed to needs none
                numbers = str(binding.host_port), str(binding.container_port)
                yield container.name, binding.protocol, binding.host_ip, *numbers, scope(binding.host_ip)
