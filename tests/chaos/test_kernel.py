"""The kernel tells more than fits into a socket, or changes while it is read."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.live.wellness import Patient, remove, run
from tests.support.private_host.host import PrivateHost
from tests.support.waiting import until

pytestmark = pytest.mark.chaos

# Messages about links are heard into 32 MB, twice that by the kernel's own reckoning, those about rules into 8 MB.
LINK_CHANGES = 40_000
RULES, ROUNDS = 10_000, 5
VETHS = 200
SCRAPES = 50


@contextmanager
def stopped(patient: Patient) -> Iterator[None]:
    """SIGSTOP for the length of a with block."""
    patient.exporter.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        patient.exporter.process.send_signal(signal.SIGCONT)


def batch(host: PrivateHost, *lines: str) -> None:
    host.run("ip", "-batch", "-", stdin="\n".join(lines), timeout=100)


def table(rules: int) -> str:
    """A table of one chain with so many rules that count, made in one transaction."""
    return "table ip chaos {\n chain c {\n" + "  counter\n" * rules + " }\n}\n"


def test_lost_messages_about_links_leave_no_wrong_series(patient: Patient) -> None:
    run(patient.host, "stays")
    run(patient.host, "goes")
    patient.settles()
    flood = [f"link set lo mtu {65000 + number % 2}" for number in range(LINK_CHANGES)]
    with stopped(patient):
        remove(patient.host, "goes")
        batch(patient.host, *(f"link add chaos{n} type veth peer name soahc{n}" for n in range(VETHS)))
        batch(patient.host, *flood)
        batch(patient.host, *(f"link set chaos{n} master docker0" for n in range(VETHS // 2)))
        run(patient.host, "comes")
    lost = "dockernet_link_listener_overflows_total"
    until(lambda: patient.exporter.metrics().value(lost), 20, "messages lost")
    patient.settles()
    batch(patient.host, *(f"link del chaos{n}" for n in range(VETHS)))
    patient.is_well()


def test_lost_messages_about_rules_are_told_and_rules_are_right(patient: Patient) -> None:
    run(patient.host, "web", ports={"80/tcp": 8080})
    patient.settles()
    before = rules(patient)
    with stopped(patient):
        for _ in range(ROUNDS):
            patient.host.run("nft", "-f", "-", stdin=table(RULES))
            patient.host.run("nft", "delete table ip chaos")
    until(lambda: said(patient, "nftables notifications lost"), 20, "changes lost")
    until(lambda: rules(patient) == before, 10, f"the rules as before: {before}")
    patient.is_well()


def test_rules_that_are_rewritten_all_the_time_are_never_read_half(patient: Patient) -> None:
    """A dump that a writer interrupts is asked for again, or the source fails; a wrong number is not shown."""
    run(patient.host, "web", ports={"80/tcp": 8080})
    patient.settles()
    right = rules(patient)
    stop = threading.Event()

    def rewrite() -> None:
        while not stop.is_set():
            patient.host.run("nft", "-f", "-", stdin=table(500))
            patient.host.run("nft", "delete table ip chaos")

    writer = threading.Thread(target=rewrite)
    writer.start()
    try:
        seen = [rules(patient) for _ in range(SCRAPES)]
    finally:
        stop.set()
        writer.join()
    assert all(found in (right, {}) for found in seen)
    assert right in seen
    until(lambda: rules(patient) == right, 10, "the rules as before")
    patient.is_well()


def test_links_that_change_all_the_time_are_read(patient: Patient) -> None:
    """A dump of links is interrupted by each change; a scrape must not wait for calm."""
    run(patient.host, "web")
    patient.settles()
    stop = threading.Event()

    def change() -> None:
        while not stop.is_set():
            batch(patient.host, *(f"link add chaos{n} type veth peer name soahc{n}" for n in range(20)))
            batch(patient.host, *(f"link del chaos{n}" for n in range(20)))

    writer = threading.Thread(target=change)
    writer.start()
    try:
        seen = [patient.exporter.metrics() for _ in range(SCRAPES)]
    finally:
        stop.set()
        writer.join()
    names = [metrics.names("dockernet_endpoint_receive_bytes_total", "container") for metrics in seen]
    assert names == [{"web"}] * SCRAPES
    patient.is_well()


def rules(patient: Patient) -> dict[tuple[str, ...], float]:
    """The number of a container's NAT rules by container and target."""
    found = patient.exporter.metrics().series("dockernet_container_nat_rules")
    return {(labels["container"], labels["target"]): value for labels, value in found}


def said(patient: Patient, what: str) -> bool:
    patient.exporter.metrics()
    return any(what in str(entry.get("event")) for entry in patient.exporter.log())
