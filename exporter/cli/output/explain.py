"""What `explain` prints: each way from the host to a process, step by step."""

import json
from collections.abc import Mapping
from typing import Any

from rich.console import Console

from exporter.cli.output.table import cell, table
from exporter.core.explain import path
from exporter.core.explain.path import BROKEN, OK, UNKNOWN, Explanation, Path, Step

EXIT_CODES = {OK: 0, BROKEN: 2, UNKNOWN: 3}
# What keeps a step from being known.
MATTERS = frozenset({"engine", "host_network", "sockets", "socket_owners", "namespace_sockets", "nat"})
VERDICTS = {OK: "whole", BROKEN: "broken", UNKNOWN: "not known"}


def print_explanation(explanation: Explanation, console: Console) -> None:
    """Print a heading and a list for each way, with a blank line in between."""
    for number, way in enumerate(explanation.paths):
        if number:
            console.print()
        console.print(cell(f"{_heading(way, explanation.asked)}: {VERDICTS[way.state]}"))
        console.print(table(("state", "step", "what"), [(s.state, s.name, s.detail) for s in way.steps], header=False))


def document(explanation: Explanation) -> str:
    """Return what /api/v1/explain tells."""
    return json.dumps(path.document(explanation), indent=2)


def parse_explanation(told: Mapping[str, Any]) -> Explanation:
    """Read that document. Raises KeyError, TypeError or ValueError for anything else."""
    return Explanation(str(told["asked"]), tuple(_parse_path(one) for one in told["paths"]))


def _parse_path(told: Mapping[str, Any]) -> Path:
    steps = tuple(Step(str(step["name"]), str(step["state"]), str(step["detail"])) for step in told["steps"])
    if not EXIT_CODES.keys() >= {step.state for step in steps}:
        raise ValueError("a state that does not exist")
    return Path(
        protocol=str(told["protocol"]),
        addresses=tuple(str(address) for address in told["addresses"]),
        port=int(told["port"]),
        container=str(told["container"]),
        container_port=int(told["container_port"]),
        steps=steps,
    )


def exit_code(explanation: Explanation) -> int:
    """0 when every way is whole, 2 when one is broken, 3 when that cannot be told."""
    return EXIT_CODES[explanation.state]


def _heading(way: Path, asked: str) -> str:
    if not way.protocol:
        return asked
    addresses = ", ".join(f"[{address}]" if ":" in address else address for address in way.addresses)
    port = f"{way.protocol}/{way.port}" if way.port else f"a {way.protocol} port"
    inside = f"{way.container}:{way.container_port}" if way.container_port else way.container
    return port + (f" on {addresses}" if addresses else "") + (f" -> {inside}" if inside else "")
