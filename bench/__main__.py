"""`python -m bench`: all benchmarks in one table. Needs root, for network namespaces, and a C compiler."""

import argparse
import os
import platform
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator

from bench import (
    bind_failures,
    connection_cost,
    connections,
    event_latency,
    history,
    idle,
    inventory_start,
    kernel_sample,
    link_listener,
    lives,
    memory,
    namespace_sweep,
    nat,
    node_exporter,
    page,
    reach,
    rivals,
    scrape,
    siege,
    soak,
    sockets,
    topology_change,
)
from bench.compiled import compiled
from bench.figures import Row, table
from bench.scale import QUICK, Scale
from tests.support.private_host.engines import PackageUnavailableError

PARTS: dict[str, Callable[[Scale], Iterator[Row]]] = {
    "kernel_sample": kernel_sample.rows,
    "link_listener": link_listener.rows,
    "scrape": scrape.rows,
    "siege": siege.rows,
    "node_exporter": node_exporter.rows,
    "rivals": rivals.rows,
    "inventory_start": inventory_start.rows,
    "topology_change": topology_change.rows,
    "namespace_sweep": namespace_sweep.rows,
    "event_latency": event_latency.rows,
    "idle": idle.rows,
    "memory": memory.rows,
    "lives": lives.rows,
    "soak": soak.rows,
    "bind_failures": bind_failures.rows,
    "connections": connections.rows,
    "connection_cost": connection_cost.rows,
    "sockets": sockets.rows,
    "nat": nat.rows,
    "reach": reach.rows,
    "history": history.rows,
    "page": page.rows,
}


LONG = frozenset({"lives", "soak", "rivals"})  # many minutes: only when it is asked for


def main() -> None:
    """Run the parts and print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer repetitions: 90 seconds and rougher figures")
    parser.add_argument("parts", nargs="*", metavar="part", help=f"only these: {', '.join(PARTS)}")
    options = parser.parse_args()
    unknown = set(options.parts) - PARTS.keys()
    if unknown:
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    if os.geteuid():
        sys.exit("bench: needs root, for network namespaces")
    parts = options.parts or [part for part in PARTS if part not in LONG]
    with compiled():
        rows, failed = _measured(parts, QUICK if options.quick else Scale())
    print(f"{_machine()}\n\n{table(rows)}")
    sys.exit(failed)


def _measured(parts: Iterable[str], scale: Scale) -> tuple[list[Row], int]:
    """Return the rows of the parts, and 1 where one of them failed."""
    failed = 0
    rows: list[Row] = []
    for part in parts:
        started = time.monotonic()
        try:
            rows += PARTS[part](scale)
        except PackageUnavailableError as error:
            rows.append(Row(part, against=f"not measured: {error}"))
        except Exception as error:  # noqa: BLE001  the other parts' figures are still printed
            traceback.print_exc()
            failed, text = 1, str(error).partition("\n")[0]
            rows.append(Row(part, against=f"failed: {type(error).__name__}: {text}"))
        print(f"{part}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    return rows, failed


def _machine() -> str:
    kernel = ".".join(platform.release().split(".")[:2])
    return f"{os.cpu_count()} CPUs, Linux {kernel}, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}"


if __name__ == "__main__":
    main()
