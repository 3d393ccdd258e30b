"""What `explain` prints: each way from the host to a process, step by step."""

import json
from dataclasses import asdict
from typing import Any

from rich.console import Console

from exporter.core.path import BROKEN, OK, UNKNOWN, Explanation, Path
from exporter.terminal.paint import cell, table

EXIT_CODES = {OK: 0, BROKEN: 2, UNKNOWN: 3}
# What keeps a step from being known.
MATTERS = frozenset({"engine", "host_network", "sockets", "socket_owners", "namespace_sockets", "nat"})
VERDICTS = {OK: "whole", BROKEN: "broken", UNKNOWN: "not known"}


def print_explanation(explanation: Explanation, console: Console) -> None:
    """Print a heading and a list for each way, with a blank line in between."""
    for number, path in enumerate(explanation.paths):
        if number:
            console.print()
        console.print(cell(f"{_heading(path, explanation.asked)}: {VERDICTS[path.state]}"))
        console.print(table(("state", "step", "what"), [(s.state, s.name, s.detail) for s in path.steps], header=False))


def document(explanation: Explanation) -> str:
    """Return the same as JSON."""
    whole: dict[str, Any] = {
        "asked": explanation.asked,
        "state": explanation.state,
        "paths": [{**asdict(path), "state": path.state} for path in explanation.paths],
    }
    return json.dumps(whole, indent=2)


def exit_code(explanation: Explanation) -> int:
    """0 when every way is whole, 2 when one is broken, 3 when that cannot be told."""
    return EXIT_CODES[explanation.state]


def _heading(path: Path, asked: str) -> str:
    if not path.protocol:
        return asked
    addresses = ", ".join(f"[{address}]" if ":" in address else address for address in path.addresses)
    port = f"{path.protocol}/{path.port}" if path.port else f"a {path.protocol} port"
    inside = f"{path.container}:{path.container_port}" if path.container_port else path.container
    return port + (f" on {addresses}" if addresses else "") + (f" -> {inside}" if inside else "")
