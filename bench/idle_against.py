"""`python -m bench.idle_against CHECKOUT`: what this exporter and another checkout's cost while nothing happens.

Both run on one private Docker host with real containers, and each is scraped each 15 seconds, by turns. It needs root.
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from bench.compiled import compiled
from bench.exporter_process import PORT, Exporter, exporter
from bench.figures import Row, table
from bench.idle import INTERVAL
from bench.rivals import NETWORK, run_containers, start_in
from tests.support.private_host.host import PrivateHost

SETTLED_SECONDS = 15.0  # holders of sockets are searched for again ten seconds after the first time


def main() -> None:
    """Watch both and print their shares of a core."""
    parser = argparse.ArgumentParser(prog="python -m bench.idle_against", description=__doc__)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--containers", type=int, default=60)
    parser.add_argument("--intervals", type=int, default=8, help=f"of {INTERVAL} s")
    asked = parser.parse_args()
    with compiled(asked.checkout), PrivateHost() as host:
        host.start().load_image().client().networks.create(NETWORK)
        run_containers(host, range(asked.containers))
        flags = [f"--docker.host={host.docker_url}"]
        start = partial(start_in, host)
        there = ("env", "-C", str(asked.checkout.resolve()))
        with (
            host.netns(),
            exporter(flags, start) as ours,
            exporter(flags, lambda argv: start((*there, *argv)), PORT + 1) as other,
        ):
            for process in (ours, other):
                process.wait_for(asked.containers)
            time.sleep(SETTLED_SECONDS)
            print(table([*_rows(asked.containers, (ours, other), asked.intervals)]))


def _rows(containers: int, sides: Sequence[Exporter], intervals: int) -> Iterator[Row]:
    began = [(process.cpu(), process.wakeups()) for process in sides]
    started, scraping = time.perf_counter(), [0.0] * len(sides)
    for turn in range(intervals):
        order = range(len(sides)) if turn % 2 else reversed(range(len(sides)))
        for place in order:  # who is first finds caches cold
            before = sides[place].cpu()
            sides[place].client.as_prometheus()
            scraping[place] += sides[place].cpu() - before
        time.sleep(max(0.0, started + (turn + 1) * INTERVAL - time.perf_counter()))
    seconds = time.perf_counter() - started
    for name, process, (cpu, wakeups), scrapes in zip(("this one", "the other"), sides, began, scraping, strict=True):
        shares = [100 * spent / 1e9 / seconds for spent in (process.cpu() - cpu, scrapes)]
        yield Row(
            f"idle, {name}",
            f"{containers} containers, {seconds:.0f} s",
            f"{shares[0]:.3f} % of a core",
            f"scrapes {shares[1]:.3f} %; {(process.wakeups() - wakeups) / seconds:.1f} wake-ups a second",
        )


if __name__ == "__main__":
    main()
