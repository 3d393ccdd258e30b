"""The output of `explain`: each path from the host to a process, step by step."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec.structs import replace
from rich.console import Console

from exporter.cli.output.steps import print_steps
from exporter.cli.output.surroundings import print_surroundings
from exporter.cli.output.table import cell, print_table
from exporter.core.explain import path
from exporter.core.explain.codes import CODES
from exporter.core.explain.path import (
    BLOCKED,
    REACHABLE,
    UNDETERMINED,
    UNREACHABLE,
    VERDICTS,
    Explanation,
    Note,
    Path,
    Step,
)
from exporter.core.reach import surroundings
from exporter.core.reach.surroundings import Surroundings

EXIT_STATUSES = {REACHABLE: 0, UNREACHABLE: 2, BLOCKED: 2, UNDETERMINED: 3}
# Reasons for which a step is unknown.
RELEVANT = frozenset(
    {"engine", "host_network", "sockets", "socket_owners", "namespace_sockets", "nat", "route_lookups", "inspects"}
)


def print_explanation(explanation: Explanation, console: Console, around: Surroundings | None = None) -> None:
    """Print a heading and a list for each path, with a blank line in between, then a container's networks."""
    for number, one in enumerate(explanation.paths):
        if number:
            console.print()
        console.print(cell(f"{_heading(one, explanation.query)}: {one.verdict}"))
        print_steps(one.steps, console)
    if around is not None:
        print_surroundings(around, console)
    print_findings(explanation.findings, console)


def print_findings(findings: Iterable[Note], console: Console) -> None:
    """Print the findings about the containers of the query."""
    notes = [(note.severity, note.kind, note.detail) for note in findings]
    if notes:
        console.print("\nFindings:")
        print_table(console, ("severity", "kind", "what"), notes, header=False)


def document(explanation: Explanation, around: Surroundings | None = None) -> str:
    """Return the document of /api/v1/explain."""
    networks = surroundings.document(around) if around else None
    return json.dumps({**path.document(explanation), "container": networks}, indent=2)


def parse_explanation(found: Mapping[str, Any]) -> tuple[Explanation, Surroundings | None]:
    """Parse that document. Raises KeyError, TypeError or ValueError for anything else."""
    paths = tuple(_parse_path(one) for one in found["paths"])
    around = surroundings.parse(found["container"]) if found["container"] else None
    return Explanation(str(found["query"]), paths, parse_notes(found["findings"])), around


def parse_notes(found: Any) -> tuple[Note, ...]:
    """Parse the findings of a document."""
    return tuple(Note(*(str(note[key]) for key in ("kind", "severity", "detail"))) for note in found)


def parse_steps(found: Any) -> tuple[Step, ...]:
    """Parse the steps of a path."""
    steps = tuple(_parse_step(one) for one in found)
    if not VERDICTS.keys() >= {step.state for step in steps} or not CODES.keys() >= {s.code for s in steps if s.code}:
        raise ValueError("unknown state or code")
    return steps


def _parse_step(found: Mapping[str, Any]) -> Step:
    step = Step(*(str(found[key]) for key in ("name", "state", "detail", "code")))
    return step if step.code not in CODES or found["remedy"] == step.remedy else replace(step, command=found["remedy"])


def _parse_path(found: Mapping[str, Any]) -> Path:
    return Path(
        protocol=str(found["protocol"]),
        addresses=tuple(str(address) for address in found["addresses"]),
        port=int(found["port"]),
        container=str(found["container"]),
        container_port=int(found["container_port"]),
        steps=parse_steps(found["steps"]),
        last_port=int(found.get("last_port", 0)),
    )


def exit_status(explanation: Explanation) -> int:
    """0 reachable, 2 unreachable or blocked, 3 undetermined."""
    return EXIT_STATUSES[explanation.verdict]


def _heading(one: Path, query: str) -> str:
    if not one.protocol:
        return query
    addresses = ", ".join(f"[{address}]" if ":" in address else address for address in one.addresses)
    rest = one.last_port - one.port if one.last_port > one.port else 0
    port = f"{one.protocol}/{_range(one.port, rest)}" if one.port else f"a {one.protocol} port"
    inside = f"{one.container}:{_range(one.container_port, rest)}" if one.container_port else one.container
    return port + (f" on {addresses}" if addresses else "") + (f" -> {inside}" if inside else "")


def _range(first: int, rest: int) -> str:
    return f"{first}-{first + rest}" if rest else str(first)
