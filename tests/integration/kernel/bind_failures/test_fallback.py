"""Which attachment a real kernel allows: the first of them is taken, and tracepoints only where they are permitted."""

from pathlib import Path

import pytest

from exporter.errors import SourceError
from exporter.kernel.bind_failures.attachment import ALL, QUIET, TRACEPOINT
from exporter.kernel.bind_failures.source import BindSource
from exporter.kernel.bind_failures.watcher import BindFailures
from tests.support.kernel.refusing import held, loopback, refuse, told

SYS = Path("/sys")
PORT = 8080


@pytest.fixture(autouse=True)
def addresses(failures: BindFailures) -> None:
    """What others need is permitted here; each test opens its own."""
    loopback()
    failures.close()


def allowed() -> list[str]:
    """The attachments that this kernel allows."""
    found = []
    for way in ALL:
        failures = BindFailures(SYS, (way,))
        try:
            failures.open()
        except SourceError:
            continue
        failures.close()
        found.append(way)
    return found


def test_each_attachment_that_is_allowed_counts_the_same() -> None:
    for way in allowed():
        failures = BindFailures(SYS, (way,))
        failures.open()
        with held("127.0.0.1", PORT):
            refuse("127.0.0.1", PORT)
        assert (set(failures.attached().values()), told(failures)) == ({way}, [("tcp", "127.0.0.1", PORT)])
        failures.close()
        assert failures.attached() == {}


def test_the_first_that_is_allowed_is_taken() -> None:
    failures = BindFailures(SYS, ALL)
    failures.open()
    assert failures.attached() == dict.fromkeys(("bind_refused", "listen_refused"), allowed()[0])
    failures.close()


def test_by_itself_the_source_takes_no_tracepoint() -> None:
    """A kernel without fexit and kprobes has that said, with the flag that permits tracepoints."""
    source = BindSource(SYS)
    source.start()
    quiet = [way for way in allowed() if way in QUIET]
    assert set(source.attached().values()) == set(quiet[:1])
    assert source.loaded == bool(quiet)
    said = {(missing.reason, "--collector.bind-failures=tracepoint" in missing.detail) for missing in source.degraded()}
    assert said == (set() if quiet else {("no_probes", True)})
    source.stop()


def test_where_it_is_permitted_the_tracepoint_is_the_last_resort() -> None:
    source = BindSource(SYS, tracepoints=True)
    source.start()
    assert source.loaded
    assert set(source.attached().values()) == {allowed()[0]} <= {*QUIET, TRACEPOINT}
    source.stop()
