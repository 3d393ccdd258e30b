"""`python -m bench.against CHECKOUT`: scrapes of this exporter and of another checkout's, by turns, on one host.

The host has 1,000 containers, each with a published port and its NAT rules. It needs root. A checkout is a folder with
an exporter/, for instance of `git worktree add`; it is run with this Python and its packages.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.compiled import compiled
from bench.exporter_process import PORT, Exporter, exporter
from bench.fake_host import fake_host
from bench.figures import MS, Row, Times, number, table, took

BLOCK = 10  # scrapes of one before it is the other's turn
PAUSE_SECONDS = 0.05


@dataclass(slots=True)
class Side:
    """One of the two exporters, and what its scrapes took."""

    process: Exporter
    times: Times = field(default_factory=Times)
    cpu: float = 0.0

    def scrape(self, pause: float) -> None:
        """Scrape as Prometheus does, after a pause each time."""
        for _ in range(BLOCK):
            time.sleep(pause)
            before = self.process.cpu()
            self.times.all.append(took(self.process.client.as_prometheus))
            self.cpu += self.process.cpu() - before

    def text(self) -> str:
        """Return minimum, median and 99th percentile, and the CPU time."""
        return f"{self.times.tail()}; CPU {number(self.cpu * MS / len(self.times.all))} ms"


def main() -> None:
    """Scrape both and print what they took."""
    parser = argparse.ArgumentParser(prog="python -m bench.against", description=__doc__)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--endpoints", type=int, default=1000)
    parser.add_argument("--layout", default="20.10", choices=("", "20.10", "28"), help="of NAT rules; empty: no ports")
    parser.add_argument("--blocks", type=int, default=30)
    parser.add_argument("flags", nargs="*", help="flags of the other exporter")
    asked = parser.parse_args()
    if not (asked.checkout / "exporter").is_dir():
        sys.exit(f"bench: {asked.checkout} has no exporter/")
    with (
        compiled(asked.checkout),
        fake_host(asked.endpoints, asked.layout) as host,
        exporter(host.flags) as ours,
        exporter((*host.flags, *asked.flags), _start_in(asked.checkout), PORT + 1) as other,
    ):
        print(table(_rows(asked, Side(ours), Side(other))))


def _rows(asked: argparse.Namespace, ours: Side, other: Side) -> Sequence[Row]:
    for side in (ours, other):
        side.process.wait_for(asked.endpoints)
    rows = []
    for pause in (0.0, PAUSE_SECONDS):
        ours, other = Side(ours.process), Side(other.process)
        for _ in range(asked.blocks):
            ours.scrape(pause)
            other.scrape(pause)
        size = f"{asked.endpoints} endpoints, {pause * 1000:.0f} ms of pause"
        ratio = f"medians {ours.times.middle / other.times.middle:.3f} x, CPU {ours.cpu / other.cpu:.3f} x"
        rows += [Row("scrape, this one", size, ours.text(), ratio), Row("scrape, the other", size, other.text())]
    return rows


def _start_in(checkout: Path) -> Callable[[Sequence[str]], subprocess.Popen[bytes]]:
    return lambda argv: subprocess.Popen(argv, cwd=checkout)


if __name__ == "__main__":
    main()
