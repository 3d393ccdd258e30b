"""Steps that are unknown because a flag disables their collector: the remedy is that flag, and not a privilege."""

from collections.abc import Collection
from typing import TypeVar

from msgspec.structs import replace

from exporter.core.explain.path import Explanation, Step
from exporter.core.reach.answer import ReachAnswer

COLLECTORS = {"rules_unknown": "nat", "sockets_unknown": "port"}

Answer = TypeVar("Answer", Explanation, ReachAnswer)


def with_disabled(answer: Answer, enabled: Collection[str]) -> Answer:
    """Return the answer of an exporter with these collectors."""
    if all(name in enabled for name in COLLECTORS.values()):
        return answer
    paths = (replace(path, steps=tuple(_step(step, enabled) for step in path.steps)) for path in answer.paths)
    return replace(answer, paths=tuple(paths))


def _step(step: Step, enabled: Collection[str]) -> Step:
    name = COLLECTORS.get(step.code, "")
    if not name or name in enabled:
        return step
    command = f"Enable it by `--collector.{name}`."
    return replace(step, detail=f"{step.detail}: the collector {name} is disabled", command=command)
