"""The answer to `explain A B`: the ways of a packet, and their JSON form."""

from collections.abc import Iterable
from typing import Any

from msgspec import Struct, to_builtins
from msgspec.structs import asdict

from exporter.core.explain.path import (
    BLOCKED,
    FAILED,
    LINK,
    OK,
    REACHABLE,
    UNDETERMINED,
    UNREACHABLE,
    VERDICTS,
    Note,
    Step,
    step_document,
    worst,
)
from exporter.core.reach.tried import Tried
from exporter.core.views.connection_rows import ConnectionRow

# Some of several addresses or servers are reachable: it depends on which one the client takes.
AMBIGUOUS = "ambiguous"
KIND = "reach"
NO_IPV6 = "no_ipv6"  # code of a step

# Names of steps that paths to published ports do not have.
CONTAINER, NAME, INSIDE, FILTER, MASQUERADE, OUTSIDE, BACK, MTU, PROBE = (
    "container",
    "name",
    "inside",
    "filter",
    "masquerade",
    "outside",
    "back",
    "mtu",
    "probe",
)

# An engine connects, resolves and filters for a container after it has made its namespace.
STARTING, UNREAD = (CONTAINER, LINK, FILTER, NAME), "not_readable"


class End(Struct, frozen=True):
    """Where a way begins or ends; what is unknown is ''. `namespace_of` is the container whose namespace is used."""

    container: str = ""
    namespace_of: str = ""
    interface: str = ""
    network: str = ""
    address: str = ""


class ReachPath(Struct, frozen=True):
    """The way of a packet to one address and port. `mtu` is that of the client's route in bytes, 0 if unknown.

    `port` is 0 where the question is about no port. `decided` is the verdict where it was tried, '' otherwise.
    """

    source: End
    target: End
    protocol: str
    port: int
    steps: tuple[Step, ...]
    mtu: int = 0
    tried: Tried | None = None
    decided: str = ""

    @property
    def verdict(self) -> str:
        """The verdict by the worst of its steps, or what the try decided; without steps nothing is proved."""
        evaluated = VERDICTS[worst((step.state for step in self.steps), VERDICTS)] if self.steps else UNDETERMINED
        return self.decided or evaluated

    @property
    def untried(self) -> bool:
        """Whether the client has no address of that version: programs try it last (RFC 6724, rule 1)."""
        return any(step.code == NO_IPV6 for step in self.steps)


class ReachAnswer(Struct, frozen=True):
    """The answer to `query`: at least one path. `findings` are about the containers and their networks.

    `connections` are those that were counted between both, None where they are not counted.
    `resolver` is the name server that the client queries, and the names in their order; empty where it queries none.
    """

    query: str
    paths: tuple[ReachPath, ...]
    findings: tuple[Note, ...] = ()
    resolver: tuple[str, tuple[str, ...]] = ("", ())
    connections: tuple[ConnectionRow, ...] | None = None

    @property
    def verdict(self) -> str:
        """The verdict of all paths; AMBIGUOUS where some are reachable and others are not."""
        tried = [path for path in self.paths if not path.untried]
        return joined(path.verdict for path in tried or self.paths)

    @property
    def may_pass(self) -> bool:
        """Whether a path ends at a step that fails for a moment while a container starts."""
        first = (next((step for step in path.steps if step.state != OK), None) for path in self.paths)
        return any(s is not None and s.name in STARTING and (s.state == FAILED or s.code == UNREAD) for s in first)


def joined(verdicts: Iterable[str]) -> str:
    """Return the verdict of several paths, of which a client takes one; of none it is UNDETERMINED."""
    found = set(verdicts) or {UNDETERMINED}
    if REACHABLE in found and found & {UNREACHABLE, BLOCKED}:
        return AMBIGUOUS
    return worst(found, (UNDETERMINED, UNREACHABLE, BLOCKED, REACHABLE))


def document(answer: ReachAnswer) -> dict[str, Any]:
    """Return the JSON form."""
    return {
        "query": answer.query,
        "verdict": answer.verdict,
        "paths": [_path(path) for path in answer.paths],
        "findings": [asdict(note) for note in answer.findings],
        "connections": None if answer.connections is None else [asdict(row) for row in answer.connections],
    }


def _path(path: ReachPath) -> dict[str, Any]:
    return {
        "kind": KIND,
        "verdict": path.verdict,
        "from": asdict(path.source),
        "to": asdict(path.target),
        "protocol": path.protocol,
        "port": path.port,
        "mtu": path.mtu,
        "steps": [step_document(step) for step in path.steps],
        "probe": to_builtins(path.tried),
    }
