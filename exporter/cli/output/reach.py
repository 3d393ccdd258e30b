"""The output of `explain A B`: each way from a container to an address, step by step."""

import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console

from exporter.cli.output.connections import print_connections
from exporter.cli.output.explain import EXIT_STATUSES, parse_notes, parse_steps, print_findings
from exporter.cli.output.steps import print_steps
from exporter.cli.output.table import cell, console
from exporter.core.explain.path import REACHABLE, UNDETERMINED
from exporter.core.reach import answer
from exporter.core.reach.answer import AMBIGUOUS, OUTSIDE, End, ReachAnswer, ReachPath
from exporter.core.views.connection_rows import parse_row

STATUSES = {**EXIT_STATUSES, AMBIGUOUS: EXIT_STATUSES[UNDETERMINED]}
END_KEYS = ("container", "namespace_of", "interface", "network", "address")


def print_answer(found: ReachAnswer, terminal: Console) -> None:
    """Print a heading and a list for each way, with a blank line in between."""
    for number, path in enumerate(found.paths):
        if number:
            terminal.print()
        terminal.print(cell(f"{_heading(path, found.query)}: {_verdict(path)}"))
        print_steps(path.steps, terminal)
    if len(found.paths) > 1:
        terminal.print()
        terminal.print(cell(f"{found.query}: {found.verdict}"))
    print_findings(found.findings, terminal)
    if found.connections:
        terminal.print("\nConnections that were counted:")
        print_connections(found.connections, terminal)


def print_as(found: ReachAnswer, output: str) -> None:
    """Print as a table or as JSON."""
    if output == "json":
        sys.stdout.write(f"{document(found)}\n")
    else:
        print_answer(found, console())


def document(found: ReachAnswer) -> str:
    """Return the document of /api/v1/explain?from=A&to=B."""
    return json.dumps(answer.document(found), indent=2)


def exit_status(found: ReachAnswer) -> int:
    """0 reachable, 2 unreachable or blocked, 3 undetermined or ambiguous."""
    return STATUSES[found.verdict]


def parse_answer(found: Mapping[str, Any]) -> ReachAnswer:
    """Parse that document. Raises KeyError, TypeError or ValueError for anything else."""
    counted = found.get("connections")  # absent from older exporters
    rows = None if counted is None else tuple(parse_row(row) for row in counted)
    paths, notes = tuple(_parse_paths(found["paths"])), parse_notes(found["findings"])
    return ReachAnswer(str(found["query"]), paths, notes, connections=rows)


def _parse_paths(found: Any) -> Iterator[ReachPath]:
    for one in found:
        ends = [End(**{key: str(one[side][key]) for key in END_KEYS}) for side in ("from", "to")]
        steps = parse_steps(one["steps"])
        yield ReachPath(
            ends[0],
            ends[1],
            str(one["protocol"]),
            int(one["port"]),
            steps,
            int(one["mtu"]),
            decided=str(one["verdict"]),
        )


def _verdict(path: ReachPath) -> str:
    """The verdict; of a target outside the host, and not tried, it ends at the host."""
    ends = path.tried is None and any(step.name == OUTSIDE for step in path.steps)
    return f"{path.verdict} as far as this host" if ends and path.verdict == REACHABLE else path.verdict


def _heading(path: ReachPath, query: str) -> str:
    source, target = path.source, path.target
    if not target.address:
        return query
    address = f"[{target.address}]" if ":" in target.address else target.address
    to = f"{target.container} ({target.address})" if target.container else address
    port = f" {path.protocol}/{path.port}" if path.port else ""
    by = f" by {source.interface}" if source.interface else ""
    network = f" (network {source.network})" if source.network else ""
    return f"{source.container} -> {to}{port}{by}{network}"
