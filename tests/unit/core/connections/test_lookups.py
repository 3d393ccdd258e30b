"""Sums of lookups over the lives of containers."""

from msgspec.structs import replace

from exporter.core.connections.lookups import DnsLookups, LookupLedger
from exporter.core.model.kernel_sample import StatsRow
from tests.support.builders import inventory, run

WEB = run("web", network="front", pid=1)


def restarted(pid: int) -> LookupLedger:
    """A ledger that has read web, which then starts again as another process."""
    ledger = LookupLedger()
    ledger.follow(inventory(WEB))
    ledger.read({WEB.id: DnsLookups(1, tcp=2, udp=30)})
    endpoints = tuple(replace(endpoint, endpoint_id="another") for endpoint in WEB.endpoints)
    ledger.follow(inventory(replace(WEB, pid=pid, endpoints=endpoints)))
    return ledger


def rows(ledger: LookupLedger) -> dict[str, StatsRow]:
    counts = ledger.counts()
    return {name: row for (name, _), row in zip(counts.containers, counts.rows, strict=True)}


def test_a_container_that_was_never_read_has_no_sum() -> None:
    ledger = LookupLedger()
    ledger.follow(inventory(WEB, run("plain", pid=2)))
    ledger.read({WEB.id: DnsLookups(1, tcp=0, udp=0)})
    assert rows(ledger) == {"web": (0, 0)}


def test_a_restart_begins_at_zero_and_the_sum_does_not() -> None:
    ledger = restarted(2)
    assert rows(ledger) == {"web": (2, 30)}
    ledger.read({WEB.id: DnsLookups(2, tcp=1, udp=5)})
    assert rows(ledger) == {"web": (3, 35)}


def test_a_reading_of_the_former_process_is_not_counted_twice() -> None:
    ledger = restarted(2)
    ledger.read({WEB.id: DnsLookups(1, tcp=2, udp=30)})
    assert rows(ledger) == {"web": (2, 30)}


def test_rules_that_are_written_anew_do_not_lower_the_sum() -> None:
    ledger = LookupLedger()
    ledger.follow(inventory(WEB))
    for udp in (30, 4):
        ledger.read({WEB.id: DnsLookups(1, tcp=0, udp=udp)})
    assert rows(ledger) == {"web": (0, 34)}


def test_the_next_container_of_the_name_continues_the_sum() -> None:
    ledger = restarted(2)
    ledger.follow(inventory())
    assert rows(ledger) == {}
    ledger.follow(inventory(run("web", container_id="b" * 64, network="front", pid=3)))
    assert rows(ledger) == {"web": (2, 30)}
