"""What the programs at the end of bind and listen cost: the calls that they look at, and all the others.

The calls are made by ctypes, which takes a quarter of a microsecond: what counts is the difference.
"""

import ctypes
import socket
import struct
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

from bench.figures import MS, US, Row, Times, measured, number, took
from bench.scale import Scale
from exporter.errors import SourceError
from exporter.kernel.bind_failures.attachment import ALL
from exporter.kernel.bind_failures.watcher import BindFailures

BINDS = 500
OTHER_CALLS = 10_000
DIFFERENT = 100  # refusals that a drain finds
REFUSED, GRANTED = -1, 0

_libc = ctypes.CDLL(None)

Measure = Callable[[], float]  # nanoseconds of one call


def rows(scale: Scale) -> Iterator[Row]:
    """The table's rows, for each attachment that this kernel allows."""
    for way in ALL:
        failures = BindFailures(Path("/sys"), (way,))
        try:
            opening = measured(max(3, scale.bursts // 5), partial(_opened_and_closed, failures))
        except SourceError as error:
            yield Row(f"refused binds by {way}", against=f"not measured: {error.reason}")
            continue
        yield from _calls(way, failures, scale)
        yield Row(f"refused binds by {way}: load, attach and unload", "", opening.text(MS, "ms"))


def _calls(way: str, failures: BindFailures, scale: Scale) -> Iterator[Row]:
    with socket.create_server(("0.0.0.0", 0)) as holder:
        port = holder.getsockname()[1]
        calls: dict[str, Measure] = {
            "bind, refused": lambda: _binds(["127.0.0.1"] * BINDS, port, REFUSED),
            "bind, granted": lambda: _binds(_addresses(BINDS), 0, GRANTED),
            "any other call (getppid)": _other_call,
        }
        for what, measure in calls.items():
            yield _by_turns(f"{what}, by {way}", measure, failures, scale.bursts)
        drains = Times(_drain(failures, port) for _ in range(scale.bursts))
    yield Row(f"refused binds by {way}: drain", f"{DIFFERENT} different", drains.text(US, "us"))


def _by_turns(what: str, measure: Measure, failures: BindFailures, bursts: int) -> Row:
    """With and without the programs by turns, so that the noise of the machine hits both."""
    without, armed = Times(), Times()
    for _ in range(bursts):
        without.all.append(_warm(measure))
        failures.open()
        armed.all.append(_warm(measure))
        failures.close()
    more = f"{number((armed.least - without.least) * US)} / {number((armed.middle - without.middle) * US)} us more"
    return Row(f"{what}: programs loaded", "", armed.text(US, "us"), f"without: {without.text(US, 'us')}; {more}")


def _warm(measure: Measure) -> float:
    """Measure a second time: the first one pays for caches that loading has emptied."""
    measure()
    return measure()


def _binds(addresses: Iterable[str], port: int, result: int) -> float:
    """How long a bind of a new socket takes."""
    places = [struct.pack("=H2s4s8x", socket.AF_INET, port.to_bytes(2), socket.inet_aton(a)) for a in addresses]
    sockets = [socket.socket() for _ in places]
    asked = [(made.fileno(), place, len(place)) for made, place in zip(sockets, places, strict=True)]
    results: set[int] = set()
    spent = took(lambda: results.update([_libc.bind(*each) for each in asked])) / len(asked)
    for made in sockets:
        made.close()
    if results != {result}:
        raise RuntimeError("a bind did not end as it should")
    return spent


def _other_call() -> float:
    return took(lambda: [_libc.getppid() for _ in range(OTHER_CALLS)]) / OTHER_CALLS


def _addresses(count: int) -> list[str]:
    return [f"127.1.{place // 250}.{place % 250 + 1}" for place in range(count)]


def _drain(failures: BindFailures, port: int) -> float:
    failures.open()
    _binds(_addresses(DIFFERENT), port, REFUSED)
    spent = took(failures.drain)
    failures.close()
    return spent


def _opened_and_closed(failures: BindFailures) -> None:
    failures.open()
    failures.close()
