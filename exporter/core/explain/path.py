"""The path from a port of the host to the process that serves it: steps, verdicts and their JSON form."""

from collections.abc import Iterable
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict, replace

from exporter.core.explain.code import PLACEHOLDERS, EngineWords, Names
from exporter.core.explain.codes import CODES

# States of a step. `blocked` is closed on purpose, by a rule that an operator wrote.
OK, FAILED, BLOCKED, UNKNOWN = "ok", "failed", "blocked", "unknown"
# Verdicts of a path.
REACHABLE, UNREACHABLE, UNDETERMINED = "reachable", "unreachable", "undetermined"
# The worst state decides: what fails, fails whatever else is unknown.
VERDICTS = {FAILED: UNREACHABLE, BLOCKED: BLOCKED, UNKNOWN: UNDETERMINED, OK: REACHABLE}

# Names of steps, in the order in which a packet meets them.
PUBLISHED, HOST, DNAT, IPVS, FORWARD, LINK, ROUTE, LISTENER, FINDING = (
    "published",
    "host",
    "dnat",
    "ipvs",
    "forward",
    "link",
    "route",
    "listener",
    "finding",
)


class Step(Struct, frozen=True):
    """One part of the path. `detail` is a sentence; `code` is a key of CODES, '' where `state` is ok.

    `command` is the remedy with the names of this host, '' where the code's is as good.
    """

    name: str
    state: str
    detail: str
    code: str = ""
    command: str = ""

    @property
    def remedy(self) -> str:
        """What to do about it; '' for a step that is ok."""
        return self.command or (CODES[self.code].remedy() if self.code else "")


class Path(Struct, frozen=True):
    """One path. `addresses` are the host's; `container` is '' and `container_port` 0 where none is published.

    `port` is 0 where the engine would choose it, or where a network is routed to. With a `last_port` the ports up to it
    have equal steps, and are forwarded to as many ports of the container; the steps are those of the first.
    """

    protocol: str
    addresses: tuple[str, ...]
    port: int
    container: str
    container_port: int
    steps: tuple[Step, ...]
    last_port: int = 0

    @property
    def verdict(self) -> str:
        """The verdict by the worst of its steps."""
        return VERDICTS[worst((step.state for step in self.steps), VERDICTS)]


class Note(Struct, frozen=True):
    """A finding about a container of the paths, its network or the port, as `check` reports it."""

    kind: str
    severity: str
    detail: str


class Explanation(Struct, frozen=True):
    """The answer to `query`: each path that exists, or one that says why there is none; `findings` are about them."""

    query: str
    paths: tuple[Path, ...]
    findings: tuple[Note, ...] = ()

    @property
    def verdict(self) -> str:
        """The worst of its paths."""
        return worst((path.verdict for path in self.paths), VERDICTS.values())

    @property
    def complete(self) -> bool:
        """Whether every step is known, as far as the privileges go."""
        steps = (step for path in self.paths for step in path.steps)
        return all(step.state != UNKNOWN or step.code == "privilege_missing" for step in steps)


def document(explanation: Explanation) -> dict[str, Any]:
    """Return the JSON form."""
    paths = [
        {
            **asdict(path),
            "verdict": path.verdict,
            "steps": [step_document(step) for step in path.steps],
        }
        for path in explanation.paths
    ]
    notes = [asdict(note) for note in explanation.findings]
    return {"query": explanation.query, "verdict": explanation.verdict, "paths": paths, "findings": notes}


def with_names(step: Step, words: EngineWords, container: str, pid: int = 0, network: str = "") -> Step:
    """Make the remedy of a step a command of the engine to paste, with the default network where none is known."""
    if step.command or not step.code:
        return step
    names = Names(container, str(pid) if pid else PLACEHOLDERS.pid, network or words.network)
    filled = CODES[step.code].remedy(words, names)
    return step if filled == step.remedy else replace(step, command=filled)


def step_document(step: Step) -> dict[str, str]:
    """Return the JSON form of a step."""
    keys = ("name", "state", "detail", "code", "remedy")
    return {key: getattr(step, key) for key in keys}


def worst(found: Iterable[str], order: Iterable[str]) -> str:
    """Return the first of `order` that was found, its last where nothing was."""
    present, last = set(found), ""
    for last in order:
        if last in present:
            break
    return last
