"""Binds that the kernel refused, as a BPF program counted them."""

from collections.abc import Iterator

from exporter.core.observation import Observation
from exporter.core.ports.bind_failures import BindFailureReport
from exporter.metrics.build import Metric, add_info, counter, info


def families(observation: Observation) -> Iterator[Metric]:
    """All families; none where the program is not loaded."""
    if observation.bind_failures is not None:
        yield from bind_failures(observation.bind_failures, observation.engine.started)


def bind_failures(report: BindFailureReport, started: float) -> Iterator[Metric]:
    """Counts since `started` (Unix time)."""
    family = counter(
        "dockernet_port_bind_failures_total",
        "bind() and listen() calls that failed with EADDRINUSE: of a container, of docker-proxy or the engine in its "
        'place, or of a process of the host on a container\'s port. port="other" aggregates the rest.',
        ("container", "protocol", "port"),
    )
    for (container, protocol, port), count in report.counts.items():
        family.add_metric((container, protocol, port), count, created=started)
    yield family
    lost = counter(
        "dockernet_port_bind_failures_lost_total",
        "Upper bound on refused binds missed (map full or BPF program not run).",
    )
    lost.add_metric((), report.lost, created=started)
    yield lost
    attached = info(
        "dockernet_exporter_bpf_info",
        "How the BPF programs that count refused binds are attached: fexit, kretprobe or tracepoint.",
        ("program", "attachment"),
    )
    for program in report.attached.items():
        add_info(attached, program)
    yield attached
