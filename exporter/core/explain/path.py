"""The way from a port of the host to the process that serves it, step by step, and where it breaks."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

OK, BROKEN, UNKNOWN = "ok", "broken", "unknown"
# What a step is about, in the order in which a packet meets it.
PUBLISHED, HOST, DNAT, FORWARD, LISTENER = "published", "host", "dnat", "forward", "listener"


@dataclass(frozen=True, slots=True)
class Step:
    """One place on the way; `detail` is a sentence for people."""

    name: str
    state: str
    detail: str


@dataclass(frozen=True, slots=True)
class Path:
    """One way. `addresses` are the host's; `container` is '' and `container_port` 0 where none is published.

    `port` is 0 where the engine would choose it, or where a network is routed to.
    """

    protocol: str
    addresses: tuple[str, ...]
    port: int
    container: str
    container_port: int
    steps: tuple[Step, ...]

    @property
    def state(self) -> str:
        """The worst of its steps."""
        return worst(step.state for step in self.steps)


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer to `asked`: each way that there is, or one that says why there is none."""

    asked: str
    paths: tuple[Path, ...]

    @property
    def state(self) -> str:
        """The worst of its paths."""
        return worst(path.state for path in self.paths)

    @property
    def complete(self) -> bool:
        """Whether every step is known."""
        return all(step.state != UNKNOWN for path in self.paths for step in path.steps)


def document(explanation: Explanation) -> dict[str, Any]:
    """Write it down for programs."""
    paths = [{**asdict(path), "state": path.state} for path in explanation.paths]
    return {"asked": explanation.asked, "state": explanation.state, "paths": paths}


def worst(states: Iterable[str]) -> str:
    """Of several: what is broken is, whatever else is not known."""
    found = set(states)
    return next((state for state in (BROKEN, UNKNOWN) if state in found), OK)
