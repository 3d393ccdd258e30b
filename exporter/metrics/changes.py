"""Changes by kind: dockernet_changes_total."""

from collections.abc import Iterator

from exporter.core.observation import Observation
from exporter.metrics.build import Metric, counter


def inputs(observation: Observation) -> object:
    """Return what `families` depends on."""
    return observation.changes, observation.engine.started


def families(observation: Observation) -> Iterator[Metric]:
    """All families of this file; absent where no history is recorded."""
    if observation.changes is None:
        return
    family = counter(
        "dockernet_changes_total", "Changes in Docker's networking since the exporter started (history).", ("kind",)
    )
    for kind, count in observation.changes.items():
        family.add_metric((kind,), count, created=observation.engine.started)
    yield family
