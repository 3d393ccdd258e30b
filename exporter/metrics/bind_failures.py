"""Binds that the kernel refused, as a BPF program counted them."""

from collections.abc import Iterator

from exporter.core.observation import Observation
from exporter.core.ports.bind_failures import BindFailureReport
from exporter.metrics.build import Metric, counter


def families(observation: Observation) -> Iterator[Metric]:
    """Both families; none where the program is not loaded."""
    if observation.bind_failures is not None:
        yield from bind_failures(observation.bind_failures, observation.engine.started)


def bind_failures(report: BindFailureReport, started: float) -> Iterator[Metric]:
    """Counts since `started` (Unix time)."""
    family = counter(
        "dockernet_port_bind_failures_total",
        "Times bind or listen was refused with EADDRINUSE: to a container, to docker-proxy or the engine in its place, "
        "or to another process of the host, by its name, that wanted a container's port. Port other: further ones.",
        ("container", "protocol", "port"),
    )
    for (container, protocol, port), count in report.counts.items():
        family.add_metric((container, protocol, port), count, created=started)
    yield family
    lost = counter(
        "dockernet_port_bind_failures_lost_total",
        "At most so many refused binds were not counted: too many different ones at a time, or the program was passed "
        "over while its CPU was busy with another.",
    )
    lost.add_metric((), report.lost, created=started)
    yield lost
