"""What `explain` prints: each way from the host to a process, step by step."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console

from exporter.cli.output.table import cell, table
from exporter.core.explain import path
from exporter.core.explain.codes import CODES
from exporter.core.explain.path import BLOCKED, REACHABLE, UNDETERMINED, UNREACHABLE, VERDICTS, Explanation, Path, Step

EXIT_CODES = {REACHABLE: 0, UNREACHABLE: 2, BLOCKED: 2, UNDETERMINED: 3}
# What keeps a step from being known.
MATTERS = frozenset({"engine", "host_network", "sockets", "socket_owners", "namespace_sockets", "nat"})


def print_explanation(explanation: Explanation, console: Console) -> None:
    """Print a heading and a list for each way, with a blank line in between."""
    for number, way in enumerate(explanation.paths):
        if number:
            console.print()
        console.print(cell(f"{_heading(way, explanation.query)}: {way.verdict}"))
        rows = [row for step in way.steps for row in _rows(step)]
        console.print(table(("state", "step", "what"), rows, header=False))


def document(explanation: Explanation) -> str:
    """Return what /api/v1/explain tells."""
    return json.dumps(path.document(explanation), indent=2)


def parse_explanation(told: Mapping[str, Any]) -> Explanation:
    """Read that document. Raises KeyError, TypeError or ValueError for anything else."""
    return Explanation(str(told["query"]), tuple(_parse_path(one) for one in told["paths"]))


def _parse_path(told: Mapping[str, Any]) -> Path:
    steps = tuple(Step(*(str(step[key]) for key in ("name", "state", "detail", "code"))) for step in told["steps"])
    if not VERDICTS.keys() >= {step.state for step in steps} or not CODES.keys() >= {s.code for s in steps if s.code}:
        raise ValueError("unknown state or code")
    return Path(
        protocol=str(told["protocol"]),
        addresses=tuple(str(address) for address in told["addresses"]),
        port=int(told["port"]),
        container=str(told["container"]),
        container_port=int(told["container_port"]),
        steps=steps,
    )


def exit_code(explanation: Explanation) -> int:
    """0 reachable, 2 unreachable or blocked, 3 undetermined."""
    return EXIT_CODES[explanation.verdict]


def _rows(step: Step) -> Iterator[tuple[str, str, str]]:
    yield step.state, step.name, f"{step.detail} [{step.code}]" if step.code else step.detail
    if step.remedy:
        yield "", "", f"-> {step.remedy}"


def _heading(way: Path, asked: str) -> str:
    if not way.protocol:
        return asked
    addresses = ", ".join(f"[{address}]" if ":" in address else address for address in way.addresses)
    port = f"{way.protocol}/{way.port}" if way.port else f"a {way.protocol} port"
    inside = f"{way.container}:{way.container_port}" if way.container_port else way.container
    return port + (f" on {addresses}" if addresses else "") + (f" -> {inside}" if inside else "")
